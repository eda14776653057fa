#ifndef LATCHKEY_SERVER_AUTHORITY_MUTATION_COMMAND_H_
#define LATCHKEY_SERVER_AUTHORITY_MUTATION_COMMAND_H_

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/authority/denial_limiter.h"
#include "server/authority/handlers.h"
#include "server/authority/methods.h"
#include "server/authority/mutation.h"
#include "server/authority/presented_secrets.h"
#include "server/authority/replay.h"
#include "server/authority/sequencer.h"
#include "server/authority/utf8.h"
#include "server/authority/validate.h"
#include "server/base/clock.h"
#include "server/form/secret_form.h"
#include "server/secret/uuid.h"

namespace latchkey {

// What every command of a call needs. Everything outlives the command.
struct CommandTools {
  const Clock& clock;
  const MutationTools& mutation;
  DenialLimiter& denials;
  absl::Duration replay_window;
};

// Returns whether the request id of `request` is used. Ending what is presented is safe to repeat.
template <typename Request>
bool UsesRequestId(const Request& request) {
  if constexpr (std::is_same_v<Request, v1::RevokeTokenRequest>) {
    if (PresentsSecret(request)) return false;
  }
  if constexpr (requires { request.request_id(); }) {
    return secret::IsRandomUuid(request.request_id());
  } else {
    return false;
  }
}

// One mutating call: replays the answer to a request id, or carries the call out and keeps its
// answer; a refusal leaves an event, unless its principal has too many of them.
template <typename Request>
class MutationCommand final : public Command {
 public:
  using Response = ResponseOf<Request>;
  using Done = std::function<void(absl::StatusOr<Response>)>;

  MutationCommand(const CommandTools& tools, Caller caller, Request request, Done done)
      : tools_(tools),
        caller_(std::move(caller)),
        request_(std::move(request)),
        done_(std::move(done)) {}

  void Run(storage::Transaction& transaction, Effects& effects) override {
    Mutation mutation(transaction, caller_, tools_.clock.Now(), tools_.mutation);
    if constexpr (requires { request_.reason(); }) {
      const std::string& reason = request_.reason();
      if (reason.size() <= kMaxTextBytes && IsPrintableUtf8(reason) &&
          !secret::HoldsSecret(reason)) {
        mutation.set_reason(reason);
      }
    }
    result_ = Answer(mutation);
    if (result_.ok() || mutation.keep_on_error()) {
      transaction.Keep();
      effects.MergeFrom(std::move(mutation.effects()));
      return;
    }
    transaction.Drop();
    if (mutation.refused() && tools_.denials.Admit(mutation.limiter_key(), mutation.now())) {
      mutation.WriteDecision();
      transaction.Keep();
    }
  }

  void Finish(const absl::Status& committed) override {
    if (!committed.ok()) result_ = committed;
    done_(std::move(result_));
  }

 private:
  absl::StatusOr<Response> Answer(Mutation& mutation) {
    if (!UsesRequestId(request_)) return Handle(mutation, request_);
    // Whoever holds a secret is one caller, with or without credentials beside it.
    Replay replay(
        mutation, MethodName<Request>(),
        PresentsSecret(request_) ? absl::string_view(kBearerPrincipal) : caller_.principal,
        RequestId(), Fingerprint());
    mutation.set_request_id_hash(replay.hash_text());
    Response response;
    LATCHKEY_ASSIGN_OR_RETURN(const bool replayed, replay.Find(response));
    if (replayed) return response;
    LATCHKEY_ASSIGN_OR_RETURN(response, Handle(mutation, request_));
    LATCHKEY_RETURN_IF_ERROR(replay.Keep(response, tools_.replay_window));
    return response;
  }

  // "" where the request has none.
  std::string RequestId() const {
    if constexpr (requires { request_.request_id(); }) return request_.request_id();
    return "";
  }

  std::string Fingerprint() const {
    Request bare = request_;
    if constexpr (requires { bare.clear_request_id(); }) bare.clear_request_id();
    return FingerprintOf(bare, RequestId());
  }

  const CommandTools tools_;
  const Caller caller_;
  const Request request_;
  const Done done_;
  absl::StatusOr<Response> result_;  // UNKNOWN until it ran
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_MUTATION_COMMAND_H_
