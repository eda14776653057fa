// Subscribe with a consumer.
#include <algorithm>
#include <cstdint>

#include "server/authority/consumers.h"
#include "server/authority/errors.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"
#include "server/rpc/subscribe_reactor.h"

namespace latchkey::rpc {
namespace {

absl::StatusOr<v1::Consumer> FindConsumer(Authority& authority, const Caller& caller,
                                          const std::string& name) {
  v1::GetConsumerRequest request;
  request.set_name(name);
  absl::StatusOr<v1::GetConsumerResponse> response = authority.Read(caller, request);
  if (response.ok()) return std::move(*response->mutable_consumer());
  const bool bad_name =
      absl::IsInvalidArgument(response.status()) && !ParseConsumer(name).has_value();
  return bad_name ? InvalidFieldError("consumer", kConsumerForm) : response.status();
}

}  // namespace

absl::StatusOr<std::uint64_t> SubscribeReactor::UseConsumer(const Caller& caller) {
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Consumer consumer,
                            FindConsumer(frame_.authority, caller, asked_.consumer()));
  Validator validator;
  validator.Check(asked_.filter().ByteSizeLong() == 0, "filter",
                  "must be empty with a consumer, which has its own");
  validator.Check(asked_.after_revision() == 0 && !asked_.from_now() && !asked_.has_start_time(),
                  "consumer", "is set beside another start; it takes one of them");
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  *asked_.mutable_filter() = consumer.filter();
  // For an owner the plan counts all the same.
  consumer_may_hold_ = consumer.holds_retention() && caller.kind != policy::CallerKind::kMember;
  consumer_made_ = consumer.create_time();
  return consumer.acknowledged_revision();
}

absl::StatusOr<std::uint64_t> SubscribeReactor::ClaimConsumer(const Caller& caller,
                                                              std::uint64_t position) {
  claim_ = frame_.authority.consumer_streams().Take(
      asked_.consumer(), [this](const absl::Status& status) { End(status); });
  // Whoever deletes it from here on ends this stream; whoever did so before is seen here.
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Consumer consumer,
                            FindConsumer(frame_.authority, caller, asked_.consumer()));
  // One that was deleted and made anew in between has another filter and position.
  if (consumer.create_time().seconds() != consumer_made_.seconds() ||
      consumer.create_time().nanos() != consumer_made_.nanos()) {
    return ConsumerTakenOverError(asked_.consumer());
  }
  frame_.authority.NoteActive(asked_.consumer());
  return std::max(position, consumer.acknowledged_revision());
}

}  // namespace latchkey::rpc
