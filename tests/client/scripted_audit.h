#ifndef LATCHKEY_TESTS_CLIENT_SCRIPTED_AUDIT_H_
#define LATCHKEY_TESTS_CLIENT_SCRIPTED_AUDIT_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_context.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "server/base/mutex.h"

namespace latchkey::testing {

// Returns a response with events of these sequences.
inline v1::SubscribeResponse MakeResponse(std::initializer_list<std::uint64_t> sequences,
                                          std::uint64_t complete_through,
                                          std::uint64_t newest = 0) {
  v1::SubscribeResponse response;
  for (const std::uint64_t sequence : sequences) response.add_events()->set_sequence(sequence);
  response.set_complete_through(complete_through);
  response.set_newest(newest == 0 ? complete_through : newest);
  return response;
}

// The refusal of a start before what is kept, which begins with `oldest`.
inline grpc::Status TooOld(std::uint64_t oldest) {
  google::rpc::ErrorInfo info;
  info.set_reason("POSITION_OUT_OF_RANGE");
  info.set_domain("latchkey");
  (*info.mutable_metadata())["oldest"] = std::to_string(oldest);
  (*info.mutable_metadata())["newest"] = std::to_string(oldest + 3);
  google::rpc::Status wire;
  wire.add_details()->PackFrom(info);
  return {grpc::StatusCode::OUT_OF_RANGE, "too old", wire.SerializeAsString()};
}

// An AuditService whose nth Subscribe call does the nth step of a script, and the last step ever
// after, and that answers Acknowledge. Keeps the requests. Thread-safe.
class ScriptedAudit final : public v1::AuditService::Service {
 public:
  using Writer = grpc::ServerWriter<v1::SubscribeResponse>;
  using Step = std::function<grpc::Status(Writer&, grpc::ServerContext&)>;

  // Acknowledge answers with `acknowledge`.
  explicit ScriptedAudit(std::vector<Step> script, grpc::Status acknowledge = grpc::Status::OK)
      : script_(std::move(script)), acknowledge_(std::move(acknowledge)) {}

  // A step that writes and ends with `status`.
  static Step Send(std::vector<v1::SubscribeResponse> responses, grpc::Status status) {
    return [responses, status](Writer& writer, grpc::ServerContext&) {
      for (const auto& response : responses) writer.Write(response);
      return status;
    };
  }
  // A step that writes, and then says nothing until the client or the server ends the call.
  static Step SendAndHold(std::vector<v1::SubscribeResponse> responses) {
    return [responses](Writer& writer, grpc::ServerContext& context) {
      for (const auto& response : responses) writer.Write(response);
      WaitForCancellation(context);
      return grpc::Status::CANCELLED;
    };
  }

  std::vector<v1::SubscribeRequest> requests() const {
    MutexLock lock(mu_);
    return requests_;
  }

  // Answers no Acknowledge from now on before its caller gives up.
  void HoldAcknowledgements() {
    MutexLock lock(mu_);
    holds_acknowledgements_ = true;
  }

  std::vector<v1::AcknowledgeRequest> acknowledgements() const {
    MutexLock lock(mu_);
    return acknowledgements_;
  }

 private:
  static void WaitForCancellation(grpc::ServerContext& context) {
    while (!context.IsCancelled()) {
      Mutex mu;
      CondVar never;
      MutexLock lock(mu);
      never.WaitFor(mu, absl::Milliseconds(2));
    }
  }

  grpc::Status Acknowledge(grpc::ServerContext* context, const v1::AcknowledgeRequest* request,
                           v1::AcknowledgeResponse*) override {
    bool holds = false;
    {
      MutexLock lock(mu_);
      acknowledgements_.push_back(*request);
      holds = holds_acknowledgements_;
    }
    if (holds) WaitForCancellation(*context);
    return acknowledge_;
  }
  grpc::Status Subscribe(grpc::ServerContext* context, const v1::SubscribeRequest* request,
                         Writer* writer) override {
    const Step* step = nullptr;
    {
      MutexLock lock(mu_);
      step = &script_[std::min(requests_.size(), script_.size() - 1)];
      requests_.push_back(*request);
    }
    return (*step)(*writer, *context);
  }

  const std::vector<Step> script_;
  const grpc::Status acknowledge_;
  mutable Mutex mu_;
  std::vector<v1::SubscribeRequest> requests_ ABSL_GUARDED_BY(mu_);
  std::vector<v1::AcknowledgeRequest> acknowledgements_ ABSL_GUARDED_BY(mu_);
  bool holds_acknowledgements_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_CLIENT_SCRIPTED_AUDIT_H_
