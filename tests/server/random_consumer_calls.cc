// Consumers of events, and what they acknowledge.
#include "tests/server/random_caller.h"

namespace latchkey::testing {

void RandomCaller::CallConsumers() {
  const Caller caller = Below(2) == 0 ? TestAuthority::Operator() : AnyCaller();
  switch (Below(8)) {
    case 0:
    case 1:
      return CreateConsumer(caller);
    case 2: {
      v1::DeleteConsumerRequest request;
      request.set_name(Consumer());
      CallAs(caller, request).IgnoreError();
      return;
    }
    default:
      return Acknowledge(caller);
  }
}

void RandomCaller::CreateConsumer(const Caller& caller) {
  v1::CreateConsumerRequest request;
  request.set_consumer_id(ConsumerId());
  v1::Consumer& consumer = *request.mutable_consumer();
  if (!Rarely()) consumer.mutable_filter()->set_workspace(Workspace());
  if (Below(2) == 0) consumer.mutable_filter()->add_actions(v1::ACTION_TOKEN_ISSUE);
  consumer.set_holds_retention(Below(4) == 0);
  request.set_from_now(Below(2) == 0);
  CallAs(caller, request).IgnoreError();
}

void RandomCaller::Acknowledge(const Caller& caller) {
  const std::uint64_t newest = authority_->events().newest();
  v1::AcknowledgeRequest request;
  request.set_name(Consumer());
  // Sometimes beyond the end.
  request.set_revision(static_cast<std::uint64_t>(Below(static_cast<int>(newest) + 10)));
  const auto answer = CallAs(caller, request);
  if (!answer.ok()) return;
  EXPECT_GE(answer->acknowledged_revision(), request.revision()) << request.name();
  acknowledged_.push_back(
      {request.name(), request.revision(), newest, authority_->events().newest()});
}

}  // namespace latchkey::testing
