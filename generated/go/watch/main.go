// A watch that goes on by itself: prints who changed what in the archive at ARCHIVE_ADDRESS (127.0.0.1:50051 unless
// set), first all records that there are, until it is ended. It is to be copied, and to be built upon.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	archive "github.com/synergos-archive/synergos-archive/generated/go/synergos/archive/v1"
)

// A record can be larger than gRPC's default of 4 MiB.
const maxMessageSize = 64 << 20

// The pauses before a watch goes on: twice as long each time.
const (
	leastPause = 200 * time.Millisecond
	mostPause  = 4 * time.Second
)

// consumer is what a watch is for.
type consumer interface {
	// token is where to go on; empty to begin with all records. It is kept together with what was built.
	token() string
	// restart forgets what was built, and the token: all records follow.
	restart()
	// take takes what a message tells, and its token if it has one; both in one transaction if they are in a database.
	take(*archive.WatchResponse) error
}

// watch tells a consumer of every change, in order and without a gap, until its context ends or it gets an error that
// does not pass.
func watch(ctx context.Context, client archive.ArchiveServiceClient, consumer consumer) error {
	pause := leastPause
	for {
		isAnswered, err := attempt(ctx, client, consumer)
		if isAnswered {
			pause = leastPause
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch status.Code(err) {
		case codes.OutOfRange:
			// REVISION_COMPACTED or HISTORY_CHANGED: there is nothing to go on from.
			consumer.restart()
		case codes.Unavailable, codes.ResourceExhausted:
			// A restart, say, or a consumer that was too slow: it goes on by the token.
		default:
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, mostPause)
	}
}

// attempt watches until the stream ends, which it does with an error.
func attempt(ctx context.Context, client archive.ArchiveServiceClient, consumer consumer) (isAnswered bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request := &archive.WatchRequest{Start: &archive.WatchRequest_ResumeToken{ResumeToken: consumer.token()}}
	if consumer.token() == "" {
		// Of existing records there is no part to go on from: what was told of them before is told again.
		consumer.restart()
		request.Start = &archive.WatchRequest_IncludeExisting{IncludeExisting: true}
	}
	stream, err := client.Watch(ctx, request)
	if err != nil {
		return false, err
	}
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return isAnswered, status.Error(codes.Unavailable, "the archive ended the watch")
		}
		if err != nil {
			return isAnswered, err
		}
		isAnswered = true
		if err := consumer.take(response); err != nil {
			return isAnswered, err
		}
	}
}

// printer prints what it is told. It keeps its token in memory; a program that goes on after its own restart has it in a file.
type printer struct{ last string }

func (printer *printer) token() string { return printer.last }

func (printer *printer) restart() {
	printer.last = ""
	fmt.Println("from the beginning")
}

func (printer *printer) take(response *archive.WatchResponse) error {
	for _, record := range response.Existing {
		fmt.Println("existing", record)
	}
	for _, change := range response.Changes {
		fmt.Println(change.Revision, change.Kind, change.Key, change.Principal)
	}
	if response.ResumeToken != "" {
		printer.last = response.ResumeToken
	}
	return nil
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	// Over a network, take credentials.NewTLS instead of insecure.
	connection, err := grpc.NewClient(cmp.Or(os.Getenv("ARCHIVE_ADDRESS"), "127.0.0.1:50051"),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessageSize)))
	if err == nil {
		defer connection.Close()
		err = watch(ctx, archive.NewArchiveServiceClient(connection), &printer{})
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "watch:", err)
		os.Exit(1)
	}
}
