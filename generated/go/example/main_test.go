package main

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	archive "github.com/synergos-archive/synergos-archive/generated/go/synergos/archive/v1"
)

// A write whose answer is lost may have been done: it must not be sent again. A read is.
func TestOnlyReadsAreSentAgain(t *testing.T) {
	var lock sync.Mutex
	attempts := map[string]int{}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		lock.Lock()
		defer lock.Unlock()
		attempts[method]++
		return status.Error(codes.Unavailable, "the connection was lost")
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Stop()
	connection, err := connect(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	runs := archive.NewRunServiceClient(connection)
	all := archive.NewArchiveServiceClient(connection)
	calls := map[string]func() error{
		"Create": func() error { _, err := runs.CreateRun(ctx, &archive.CreateRunRequest{}); return err },
		"Update": func() error { _, err := runs.UpdateRun(ctx, &archive.UpdateRunRequest{}); return err },
		"Delete": func() error { _, err := runs.DeleteRun(ctx, &archive.DeleteRunRequest{}); return err },
		"Batch":  func() error { _, err := all.BatchWrite(ctx, &archive.BatchWriteRequest{}); return err },
		"Get":    func() error { _, err := runs.GetRun(ctx, &archive.GetRunRequest{}); return err },
		"List":   func() error { _, err := runs.ListRun(ctx, &archive.ListRunRequest{}); return err },
	}
	var group sync.WaitGroup
	for name, call := range calls {
		group.Add(1)
		go func() {
			defer group.Done()
			if err := call(); status.Code(err) != codes.Unavailable {
				t.Errorf("%s: %v", name, err)
			}
		}()
	}
	group.Wait()
	for method, want := range map[string]int{
		archive.RunService_CreateRun_FullMethodName:      1,
		archive.RunService_UpdateRun_FullMethodName:      1,
		archive.RunService_DeleteRun_FullMethodName:      1,
		archive.ArchiveService_BatchWrite_FullMethodName: 1,
		archive.RunService_GetRun_FullMethodName:         5,
		archive.RunService_ListRun_FullMethodName:        5,
	} {
		if attempts[method] != want {
			t.Errorf("%s was sent %d times, not %d", method, attempts[method], want)
		}
	}
}
