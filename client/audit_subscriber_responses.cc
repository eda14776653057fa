// What an AuditSubscriber does with what it is sent.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/audit_subscriber.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

// Without this, what comes too late would first be missed where it belongs.
absl::Status CheckOrder(const v1::SubscribeResponse& response) {
  for (int i = 1; i < response.events_size(); ++i) {
    const std::uint64_t before = response.events(i - 1).sequence();
    const std::uint64_t sequence = response.events(i).sequence();
    if (sequence > before) continue;
    return absl::DataLossError(absl::StrCat("event ", sequence, " came after event ", before,
                                            ": the log is not in order"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AuditSubscriber::Verify(const v1::SubscribeResponse& response) {
  LATCHKEY_RETURN_IF_ERROR(CheckOrder(response));
  LogVerifier& verifier = *options_.verifier;
  if (!begun_) {
    // A consumer's position and filter are the server's.
    const bool of_consumer = !options_.consumer.empty();
    const bool known =
        !of_consumer && (responded_ || (!options_.from_now && !options_.start_time.has_value()));
    const std::uint64_t first =
        response.events().empty() ? response.complete_through() + 1 : response.events(0).sequence();
    const bool every_event = !of_consumer && options_.filter.ByteSizeLong() == 0;
    LATCHKEY_RETURN_IF_ERROR(verifier.Begin(known ? position_.load() : first - 1, every_event));
    begun_ = true;
  }
  for (int i = 0; i < response.events_size(); ++i) {
    LATCHKEY_RETURN_IF_ERROR(
        verifier.Add(response.events(i).sequence(), response.serialized_events(i)));
  }
  LATCHKEY_RETURN_IF_ERROR(verifier.Complete(response.complete_through()));
  return response.checkpoint().empty() ? absl::OkStatus() : verifier.Check(response.checkpoint());
}

absl::Status AuditSubscriber::HandOn(v1::SubscribeResponse& response) {
  if (options_.verifier != nullptr && !response.events().empty()) {
    return absl::DataLossError("the server sent events without their bytes: nothing proves them");
  }
  for (const std::string& bytes : response.serialized_events()) {
    if (!response.add_events()->ParseFromString(bytes)) {
      return absl::DataLossError("the server sent what is no event");
    }
  }
  if (options_.verifier != nullptr) LATCHKEY_RETURN_IF_ERROR(Verify(response));
  auto& events = *response.mutable_events();
  const auto repeated = std::remove_if(events.begin(), events.end(), [&](const v1::Event& event) {
    if (event.sequence() <= last_sequence_) return true;
    last_sequence_ = event.sequence();
    return false;
  });
  events.erase(repeated, events.end());
  responded_ = true;
  backoff_.Reset();
  options_.on_response(response);
  if (options_.verifier != nullptr) options_.verifier->Commit();
  position_ = std::max<std::uint64_t>(position_, response.complete_through());
  return absl::OkStatus();
}

}  // namespace latchkey
