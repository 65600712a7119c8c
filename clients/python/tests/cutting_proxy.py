"""A way to the server that can be cut just when an answer comes."""
import socket
import threading

#: The preface of an HTTP/2 connection, and the type of the frames that begin a request or an answer.
PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
HEADERS = 1

#: A whole frame of HTTP/2: GOAWAY, which says that no stream was looked at, as there was no error but an end.
GOAWAY = bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(8)


class CuttingProxy:
    """
    Forwards connections to a server, until it is told to cut. Then it ends the connection in place of the next answer,
    so that the server has done what was asked and the client does not know; or in place of the next request, so that
    nothing was done and the client does not know that either. Only once: whatever comes afterwards is forwarded.
    """

    def __init__(self, port, listen_at=0):
        self._port = port
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", listen_at))
        self._listener.listen(16)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self.cuts = 0
        self._cut = {}
        self._refuses = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_answer(self, then=lambda: None, after=0):
        """Calls a function when the answer has come and before the client finds out that it gets none."""
        self._cut = {"answer": [after, then]}

    def cut_request(self):
        self._cut = {"request": [0, lambda: None]}

    def refuse_request(self, leaves):
        """Says of the next request, as a server that ends, that it was not looked at; leaves: and listens no more."""
        self._cut = {"request": [0, self.close if leaves else lambda: None]}
        self._refuses = True

    def close(self):
        # A listener that another thread waits on is closed by shutdown alone.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                client.close()
                continue
            for source, target, kind, preface in ((client, server, "request", PREFACE), (server, client, "answer", 0)):
                threading.Thread(target=self._forward, args=(source, target, kind, preface), daemon=True).start()

    def _forward(self, source, target, kind, preface):
        try:
            with source.makefile("rb") as stream:
                target.sendall(stream.read(preface))
                while True:
                    head = stream.read(9)
                    if len(head) < 9:
                        break
                    if head[3] == HEADERS and self._is_cut(kind):
                        if self._refuses:
                            self._refuses = False
                            source.sendall(GOAWAY)
                            source.shutdown(socket.SHUT_WR)
                            while stream.read(1):
                                pass
                        break
                    target.sendall(head + stream.read(int.from_bytes(head[:3], "big")))
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def _is_cut(self, kind):
        if kind not in self._cut:
            return False
        after, then = self._cut[kind]
        if after > 0:
            self._cut[kind][0] -= 1
            return False
        del self._cut[kind]
        self.cuts += 1
        then()
        return True
