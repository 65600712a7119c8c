package main

import (
	"context"
	"net"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	archive "github.com/synergos-archive/synergos-archive/generated/go/synergos/archive/v1"
)

// server answers each watch with what comes next, and notes where it was to begin.
type server struct {
	archive.UnimplementedArchiveServiceServer
	starts  []string
	answers []func(grpc.ServerStreamingServer[archive.WatchResponse]) error
}

func (server *server) Watch(request *archive.WatchRequest, stream grpc.ServerStreamingServer[archive.WatchResponse]) error {
	start := request.GetResumeToken()
	if request.GetIncludeExisting() {
		start = "existing"
	}
	server.starts = append(server.starts, start)
	answer := server.answers[0]
	server.answers = server.answers[1:]
	return answer(stream)
}

// built counts what it was told since the beginning.
type built struct {
	printer
	existing, changes, restarts int
}

func (built *built) restart() {
	built.last, built.existing, built.changes = "", 0, 0
	built.restarts++
}

func (built *built) take(response *archive.WatchResponse) error {
	built.existing += len(response.Existing)
	built.changes += len(response.Changes)
	return built.printer.take(response)
}

func TestAWatchGoesOnByItself(t *testing.T) {
	type stream = grpc.ServerStreamingServer[archive.WatchResponse]
	some := []*archive.ArchiveRecord{{}}
	existing := func(token string) *archive.WatchResponse {
		return &archive.WatchResponse{Existing: some, ResumeToken: token}
	}
	change := func(token string) *archive.WatchResponse {
		return &archive.WatchResponse{Changes: []*archive.Change{{}}, ResumeToken: token}
	}
	answer := func(err error, responses ...*archive.WatchResponse) func(stream) error {
		return func(stream stream) error {
			for _, response := range responses {
				if err := stream.Send(response); err != nil {
					return err
				}
			}
			return err
		}
	}
	away := status.Error(codes.Unavailable, "away")
	fake := &server{answers: []func(stream) error{
		answer(away, existing("")),                         // Interrupted among existing records.
		answer(nil, existing("one")),                       // Ended without an error.
		answer(away, change("two"), change("three")),       // Interrupted among changes.
		answer(status.Error(codes.OutOfRange, "changed")),  // Another history.
		answer(away, existing("four"), change("five")),     // All anew.
		answer(status.Error(codes.PermissionDenied, "no")), // For good.
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	grpcServer := grpc.NewServer()
	archive.RegisterArchiveServiceServer(grpcServer, fake)
	go grpcServer.Serve(listener)
	defer grpcServer.Stop()
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	built := &built{}
	if err := watch(ctx, archive.NewArchiveServiceClient(connection), built); status.Code(err) != codes.PermissionDenied {
		t.Errorf("ended with %v", err)
	}
	if want := []string{"existing", "existing", "one", "three", "existing", "five"}; !reflect.DeepEqual(fake.starts, want) {
		t.Errorf("began with %q, not %q", fake.starts, want)
	}
	if built.existing != 1 || built.changes != 1 {
		t.Errorf("has %d existing records and %d changes", built.existing, built.changes)
	}
}
