// The life of a grid, from its collaboration to a prediction: written, read with its relations, changed, listed page
// by page, and deleted. It asks the archive at ARCHIVE_ADDRESS (127.0.0.1:50051 unless set), with the token ARCHIVE_TOKEN
// if there is one, and exits with 0 if every answer was the one to expect.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"

	archive "github.com/synergos-archive/synergos-archive/generated/go/synergos/archive/v1"
)

// A record can be larger than gRPC's default of 4 MiB, and so can a record with its relations.
const maxMessageSize = 64 << 20

// Sends reads again while the archive is away: at a restart, say. A write is not: where its answer was lost it may have
// been done, and to do it again could delete or change what somebody else has written meanwhile. What was never sent
// gRPC sends again by itself, and waits for a connection (WaitForReady) for as long as the call's context lasts.
func serviceConfig() string {
	type name struct {
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	var reads []name
	protoregistry.GlobalFiles.RangeFilesByPackage("synergos.archive.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := string(service.Methods().Get(j).Name())
				if isRead.MatchString(method) {
					reads = append(reads, name{string(service.FullName()), method})
				}
			}
		}
		return true
	})
	config, err := json.Marshal(map[string]any{"methodConfig": []any{map[string]any{
		"name": reads,
		"retryPolicy": map[string]any{
			"maxAttempts": 5, "initialBackoff": "0.2s", "maxBackoff": "4s", "backoffMultiplier": 2,
			"retryableStatusCodes": []string{"UNAVAILABLE"},
		},
	}}})
	if err != nil {
		panic(err) // Nothing in it can fail to be JSON.
	}
	return string(config)
}

var isRead = regexp.MustCompile(`^(Get|List|Stream|Count|Describe|WhoAmI)`)

func main() {
	address := os.Getenv("ARCHIVE_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50051"
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx, address); err != nil {
		fmt.Fprintln(os.Stderr, "example:", describe(err))
		os.Exit(1)
	}
}

func connect(address string) (*grpc.ClientConn, error) {
	// Over a network, take credentials.NewTLS instead of insecure.
	return grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithPerRPCCredentials(bearer(os.Getenv("ARCHIVE_TOKEN"))),
		grpc.WithDefaultServiceConfig(serviceConfig()),
		// Others may answer for the archive's name in DNS; what is sent again is decided here.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true),
			grpc.MaxCallRecvMsgSize(maxMessageSize), grpc.MaxCallSendMsgSize(maxMessageSize)))
}

// bearer is the token by which an archive with access control knows who asks; none where it is empty.
type bearer string

// GetRequestMetadata is asked before each call, so it could bring a fresh token each time.
func (token bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if token == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

// RequireTransportSecurity says whether the token goes by TLS alone, as it must over a network.
func (bearer) RequireTransportSecurity() bool { return false }

func run(ctx context.Context, address string) error {
	connection, err := connect(address)
	if err != nil {
		return err
	}
	defer connection.Close()

	health, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if health.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return fmt.Errorf("the archive is %v", health.Status)
	}

	// Ids of its own, so that the example can run again.
	collaboration := fmt.Sprintf("go-example-%d", time.Now().UnixNano())
	participant := collaboration + "-hospital"
	grid := grid{connection, collaboration, participant}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"errors", grid.refused},
		{"write", grid.write},
		{"read", grid.read},
		{"update", grid.update},
		{"list", grid.list},
		{"stream", grid.stream},
		{"delete", grid.delete},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// grid is one collaboration with one participant.
type grid struct {
	connection                 grpc.ClientConnInterface
	collaboration, participant string
}

const project, experiment, trained = "diabetes", "two-layers", "run-1"

func (g grid) projectKey() *archive.ProjectKey {
	return &archive.ProjectKey{CollabId: g.collaboration, ProjectId: project}
}

func (g grid) runKey(id string) *archive.RunKey {
	return &archive.RunKey{CollabId: g.collaboration, ProjectId: project, ExptId: experiment, RunId: id}
}

// refused shows what an error holds: a code, a reason for programs, and what is wrong with each field.
func (g grid) refused(ctx context.Context) error {
	_, err := archive.NewProjectServiceClient(g.connection).CreateProject(ctx, &archive.CreateProjectRequest{
		Key: &archive.ProjectKey{CollabId: "", ProjectId: " "},
	})
	if code, reason := status.Code(err), reasonOf(err); code != codes.InvalidArgument || reason != "INVALID_FIELD" {
		return fmt.Errorf("a malformed key is answered with %v, %q", code, reason)
	}
	violations := map[string]string{}
	for _, detail := range status.Convert(err).Details() {
		if request, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range request.FieldViolations {
				violations[violation.Field] = violation.Description
			}
		}
	}
	if violations["key.collab_id"] == "" || violations["key.project_id"] == "" {
		return fmt.Errorf("violations of both ids expected, not %v", violations)
	}

	_, err = archive.NewProjectServiceClient(g.connection).CreateProject(ctx, g.newProject())
	if reason := reasonOf(err); status.Code(err) != codes.FailedPrecondition || reason != "PARENT_NOT_FOUND" {
		return fmt.Errorf("a missing parent is answered with %v, %q", status.Code(err), reason)
	}
	return nil
}

func (g grid) newProject() *archive.CreateProjectRequest {
	return &archive.CreateProjectRequest{Key: g.projectKey(), Details: &archive.ProjectDetails{
		Action:     archive.Action_ACTION_CLASSIFY.Enum(),
		Incentives: &structpb.Struct{},
	}}
}

// write creates one record of each type that a prediction needs, parents first.
func (g grid) write(ctx context.Context) error {
	structure, err := structpb.NewStruct(map[string]any{"in_features": 28, "out_features": 1, "bias": true})
	if err != nil {
		return err
	}
	_, err = archive.NewCollaborationServiceClient(g.connection).CreateCollaboration(ctx,
		&archive.CreateCollaborationRequest{Key: &archive.CollaborationKey{CollabId: g.collaboration}})
	if err != nil {
		return err
	}
	_, err = archive.NewParticipantServiceClient(g.connection).CreateParticipant(ctx, &archive.CreateParticipantRequest{
		Key:     &archive.ParticipantKey{ParticipantId: g.participant},
		Details: &archive.ParticipantDetails{Category: []string{"health"}, Summary: ptr("A hospital")},
	})
	if err != nil {
		return err
	}
	if _, err = archive.NewProjectServiceClient(g.connection).CreateProject(ctx, g.newProject()); err != nil {
		return err
	}
	_, err = archive.NewRegistrationServiceClient(g.connection).CreateRegistration(ctx, &archive.CreateRegistrationRequest{
		Key: &archive.RegistrationKey{CollabId: g.collaboration, ProjectId: project, ParticipantId: g.participant},
		Details: &archive.RegistrationDetails{
			Role: archive.Role_ROLE_HOST.Enum(), NCount: ptr(int64(1)),
			Nodes: map[string]*archive.Node{"node_0": {Host: ptr("172.20.0.4"), Port: ptr(int32(8020))}},
		},
	})
	if err != nil {
		return err
	}
	_, err = archive.NewTagServiceClient(g.connection).CreateTag(ctx, &archive.CreateTagRequest{
		Key: &archive.TagKey{CollabId: g.collaboration, ProjectId: project, ParticipantId: g.participant},
		Details: &archive.TagDetails{
			Train: &archive.TagList{Tags: []*archive.TagPath{{Tokens: []string{"diabetes", "train"}}}},
		},
	})
	if err != nil {
		return err
	}
	_, err = archive.NewAlignmentServiceClient(g.connection).CreateAlignment(ctx, &archive.CreateAlignmentRequest{
		Key:     &archive.AlignmentKey{CollabId: g.collaboration, ProjectId: project, ParticipantId: g.participant},
		Details: &archive.AlignmentDetails{Train: &archive.SpacerIndexes{X: []int64{0, 2}}},
	})
	if err != nil {
		return err
	}
	_, err = archive.NewExperimentServiceClient(g.connection).CreateExperiment(ctx, &archive.CreateExperimentRequest{
		Key: &archive.ExperimentKey{CollabId: g.collaboration, ProjectId: project, ExptId: experiment},
		Details: &archive.ExperimentDetails{Model: []*archive.Layer{
			{IsInput: ptr(true), LType: ptr("Linear"), Structure: structure, Activation: ptr("sigmoid")},
		}},
	})
	if err != nil {
		return err
	}
	for _, id := range []string{trained, "run-2", "run-3"} {
		_, err = archive.NewRunServiceClient(g.connection).CreateRun(ctx, &archive.CreateRunRequest{
			Key:     g.runKey(id),
			Details: &archive.RunDetails{Rounds: ptr(int64(2)), Epochs: ptr(int64(1)), Lr: ptr(0.001)},
		})
		if err != nil {
			return err
		}
	}
	_, err = archive.NewModelServiceClient(g.connection).CreateModel(ctx, &archive.CreateModelRequest{
		Key:     &archive.ModelKey{CollabId: g.collaboration, ProjectId: project, ExptId: experiment, RunId: trained},
		Details: &archive.ModelDetails{Global: &archive.ModelExport{Origin: ptr("ttp"), Path: ptr("/out/global.pt")}},
	})
	if err != nil {
		return err
	}
	scores := map[string]*archive.Statistic{
		"R2":     {Value: &archive.Statistic_Scalar{Scalar: math.NaN()}},
		"TPs":    {Value: &archive.Statistic_Counts{Counts: &archive.Counts{Values: []int64{0, 22}}}},
		"recall": {Value: &archive.Statistic_Scalars{Scalars: &archive.Scalars{Values: []float64{0.1, math.Inf(1)}}}},
	}
	_, err = archive.NewValidationServiceClient(g.connection).CreateValidation(ctx, &archive.CreateValidationRequest{
		Key: &archive.ValidationKey{CollabId: g.collaboration, ProjectId: project, ExptId: experiment, RunId: trained,
			ParticipantId: g.participant},
		Details: &archive.ValidationDetails{Results: map[string]*archive.InferenceResult{"evaluate": {Statistics: scores}}},
	})
	if err != nil {
		return err
	}
	_, err = archive.NewPredictionServiceClient(g.connection).CreatePrediction(ctx, &archive.CreatePredictionRequest{
		Key: &archive.PredictionKey{CollabId: g.collaboration, ProjectId: project, ExptId: experiment, RunId: trained,
			ParticipantId: g.participant},
		Details: &archive.PredictionDetails{Results: map[string]*archive.InferenceResult{
			"predict": {ResPath: ptr("/out/predict.json")},
		}},
	})
	return err
}

// read gets a run with everything downstream of it, and above it.
func (g grid) read(ctx context.Context) error {
	response, err := archive.NewRunServiceClient(g.connection).GetRun(ctx, &archive.GetRunRequest{Key: g.runKey(trained)})
	if err != nil {
		return err
	}
	record := response.Record
	relations := record.GetRelations()
	if len(relations.GetModels()) != 1 || len(relations.GetValidations()) != 1 || len(relations.GetPredictions()) != 1 {
		return fmt.Errorf("a model, a validation and a prediction expected, not %v", relations)
	}
	if name := record.GetAncestors().GetProject().GetKey().GetProjectId(); name != project {
		return fmt.Errorf("the run's project is %q", name)
	}
	score := relations.Validations[0].GetDetails().GetResults()["evaluate"].GetStatistics()["R2"]
	if !math.IsNaN(score.GetScalar()) {
		return fmt.Errorf("NaN came back as %v", score)
	}
	return nil
}

// update changes one field, and only if nobody else did since.
func (g grid) update(ctx context.Context) error {
	runs := archive.NewRunServiceClient(g.connection)
	before, err := runs.GetRun(ctx, &archive.GetRunRequest{Key: g.runKey(trained), View: archive.View_VIEW_BASIC})
	if err != nil {
		return err
	}
	change := &archive.UpdateRunRequest{
		Key:        g.runKey(trained),
		Details:    &archive.RunDetails{Lr: ptr(0.01)},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"lr"}},
		Etag:       before.Record.Etag,
	}
	after, err := runs.UpdateRun(ctx, change)
	if err != nil {
		return err
	}
	if details := after.Record.GetDetails(); details.GetLr() != 0.01 || details.GetRounds() != 2 {
		return fmt.Errorf("only lr should have changed: %v", details)
	}
	if _, err = runs.UpdateRun(ctx, change); status.Code(err) != codes.Aborted || reasonOf(err) != "ETAG_MISMATCH" {
		return fmt.Errorf("an old etag is answered with %v", err)
	}
	return nil
}

// list reads the runs of the project, two a page.
func (g grid) list(ctx context.Context) error {
	var found []string
	request := &archive.ListRunRequest{
		Filter:   &archive.RunFilter{CollabId: &g.collaboration, ProjectId: ptr(project), IdPrefix: "run-"},
		PageSize: 2,
	}
	for {
		page, err := archive.NewRunServiceClient(g.connection).ListRun(ctx, request)
		if err != nil {
			return err
		}
		for _, record := range page.Records {
			found = append(found, record.GetKey().GetRunId())
		}
		if page.NextPageToken == "" {
			break
		}
		request.PageToken = page.NextPageToken
	}
	if strings.Join(found, " ") != "run-1 run-2 run-3" {
		return fmt.Errorf("three runs expected, not %v", found)
	}
	return nil
}

// stream reads all that is downstream of the collaboration; it may be more than fits one message.
func (g grid) stream(ctx context.Context) error {
	key := &archive.ArchiveKey_Collaboration{Collaboration: &archive.CollaborationKey{CollabId: g.collaboration}}
	stream, err := archive.NewArchiveServiceClient(g.connection).StreamDescendants(ctx,
		&archive.StreamDescendantsRequest{Key: &archive.ArchiveKey{Key: key}, IncludeRoot: true})
	if err != nil {
		return err
	}
	count := 0
	for {
		batch, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		count += len(batch.Records)
	}
	if count != 12 {
		return fmt.Errorf("12 records expected, not %d", count)
	}
	return nil
}

// delete takes the collaboration and everything downstream of it, and then the participant, which belongs to none.
func (g grid) delete(ctx context.Context) error {
	response, err := archive.NewCollaborationServiceClient(g.connection).DeleteCollaboration(ctx,
		&archive.DeleteCollaborationRequest{Key: &archive.CollaborationKey{CollabId: g.collaboration}})
	if err != nil {
		return err
	}
	deleted := map[archive.RecordType]int32{}
	total := int32(0)
	for _, each := range response.Deleted {
		deleted[each.RecordType] = each.Count
		total += each.Count
	}
	if total != 12 || deleted[archive.RecordType_RECORD_TYPE_RUN] != 3 {
		return fmt.Errorf("12 records expected, three runs among them, not %v", deleted)
	}
	_, err = archive.NewRunServiceClient(g.connection).GetRun(ctx, &archive.GetRunRequest{Key: g.runKey(trained)})
	if status.Code(err) != codes.NotFound {
		return fmt.Errorf("a deleted run is answered with %v", err)
	}
	_, err = archive.NewParticipantServiceClient(g.connection).DeleteParticipant(ctx,
		&archive.DeleteParticipantRequest{Key: &archive.ParticipantKey{ParticipantId: g.participant}})
	return err
}

// reasonOf is the archive's reason for an error, such as PARENT_NOT_FOUND; empty where it did not come from it.
func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.Reason
		}
	}
	return ""
}

// describe adds the reason to an error's text.
func describe(err error) string {
	if reason := reasonOf(err); reason != "" {
		return fmt.Sprintf("%v (%s)", err, reason)
	}
	return err.Error()
}

func ptr[Value any](value Value) *Value { return &value }
