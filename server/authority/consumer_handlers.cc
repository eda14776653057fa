// Making, deleting and moving consumers.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/audit_filter.h"
#include "server/authority/common.h"
#include "server/authority/consumers.h"
#include "server/authority/handlers.h"
#include "server/authority/log_reach.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::ConsumerPositionRecord;
using storage::v1::ConsumerRecord;

constexpr std::uint64_t kMinHeldBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxHeldBytes = std::uint64_t{64} << 30;
constexpr std::uint64_t kDefaultHeldBytes = std::uint64_t{1} << 30;

absl::Status CheckNewConsumer(const v1::CreateConsumerRequest& request) {
  const v1::Consumer& consumer = request.consumer();
  Validator validator;
  validator.Id("consumer_id", request.consumer_id());
  validator.Check(request.has_consumer(), "consumer", "is missing");
  validator.Check(!request.from_now() || consumer.acknowledged_revision() == 0,
                  "consumer.acknowledged_revision", "must be 0 where from_now is set");
  const std::uint64_t held = consumer.max_held_bytes();
  validator.Check(
      consumer.holds_retention() ? held == 0 || (held >= kMinHeldBytes && held <= kMaxHeldBytes)
                                 : held == 0,
      "consumer.max_held_bytes",
      absl::StrCat("is ", held, "; it takes 0 without holds_retention, and with it 0 or ",
                   kMinHeldBytes, " to ", kMaxHeldBytes));
  validator.RequestId(request.request_id());
  return validator.status();
}

// Says of an error about a filter where the filter is in the request.
absl::Status InConsumer(const absl::Status& status) {
  auto violations = GetDetail<google::rpc::BadRequest>(status);
  if (violations.field_violations().empty()) return status;
  for (auto& violation : *violations.mutable_field_violations()) {
    violation.set_field(absl::StrCat("consumer.", violation.field()));
  }
  return InvalidFieldsError(violations);
}

// What a member's consumer takes less than that of a service or the operator. All members' are
// counted by their workspaces; and what one holds takes the disk of all, and outlasts the plan.
absl::Status CheckForMember(const Caller& caller, const v1::Consumer& consumer) {
  if (caller.kind != policy::CallerKind::kMember) return absl::OkStatus();
  Validator validator;
  validator.Check(!consumer.filter().workspace().empty(), "consumer.filter.workspace",
                  "is empty; a member's consumer is of one workspace");
  validator.Check(!consumer.holds_retention(), "consumer.holds_retention",
                  "is set by a member; it takes the operator or a service with the role AUDITOR");
  return validator.status();
}

// FAILED_PRECONDITION: the plan of the filter's workspace takes no more. NOT_FOUND: there is no
// such workspace.
absl::Status CheckRoom(const Mutation& m, const std::string& workspace) {
  if (workspace.empty()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                            m.txn().Get(storage::WorkspaceKey(LastId(workspace))));
  if (!record.has_value()) return ResourceNotFoundError(workspace);
  return CheckRoomForConsumer(m.txn(), record->workspace());
}

// The log's end, as what this call would commit follows it.
std::uint64_t Newest(const Mutation& m) { return m.txn().next_sequence() - 1; }

// OUT_OF_RANGE: it is older than what is retained for the filter, or beyond the log's end.
absl::Status CheckStartOf(const Mutation& m, const v1::EventFilter& filter, std::uint64_t start) {
  const std::uint64_t newest = Newest(m);
  // The end is always a place to begin, without a search that would keep other changes waiting.
  if (start == newest) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const bool is_retained,
                            IsRetainedFor(m.txn(), filter, start, newest, m.now()));
  if (is_retained) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t oldest,
                            OldestFor(m.txn(), filter, newest, m.now()));
  return OutOfRangeError(start, oldest, newest, "consumer.acknowledged_revision");
}

v1::Consumer NewConsumer(const Mutation& m, const v1::CreateConsumerRequest& request) {
  const v1::Consumer& wanted = request.consumer();
  v1::Consumer consumer;
  consumer.set_name(ConsumerName(request.consumer_id()));
  *consumer.mutable_filter() = wanted.filter();
  consumer.set_acknowledged_revision(request.from_now() ? Newest(m)
                                                        : wanted.acknowledged_revision());
  consumer.set_creator(m.Principal());
  *consumer.mutable_create_time() = ToProto(m.now());
  consumer.set_holds_retention(wanted.holds_retention());
  const std::uint64_t held = wanted.max_held_bytes();
  if (wanted.holds_retention()) consumer.set_max_held_bytes(held == 0 ? kDefaultHeldBytes : held);
  return consumer;
}

// Finds the consumer that the caller may act on.
// INVALID_ARGUMENT: the name or the request id is not of the form.
// NOT_FOUND: there is none, or the caller may not read what it selects.
absl::StatusOr<v1::Consumer> Find(Mutation& m, policy::Action action, const std::string& name,
                                  absl::string_view request_id) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(action));
  const auto id = ParseConsumer(name);
  std::optional<v1::Consumer> consumer;
  if (id.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(consumer, ReadConsumer(m.txn(), *id));
  }
  const v1::EventFilter filter = consumer.has_value() ? consumer->filter() : v1::EventFilter();
  LATCHKEY_RETURN_IF_ERROR(AboutEventsOf(m.caller(), filter, sheet));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet,
                                       {std::string(WorkspaceIdOf(filter.workspace())), name, ""},
                                       policy::Action::kAuditRead));
  Validator validator;
  validator.Name("name", name, id.has_value(), kConsumerForm);
  validator.RequestId(request_id);
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!consumer.has_value() || !IsOpenTo(m.caller(), *consumer)) {
    return ResourceNotFoundError(name);
  }
  return *std::move(consumer);
}

// A consumer that caught up with what is retained holds that again.
absl::Status HoldAgain(Mutation& m, const v1::Consumer& consumer, std::uint64_t position) {
  if (!consumer.hold_lapsed()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t oldest, OldestRetained(m.txn()));
  if (position + 1 < oldest) return absl::OkStatus();
  ConsumerRecord record;
  *record.mutable_consumer() = consumer;
  record.mutable_consumer()->clear_hold_lapsed();
  m.txn().Put(storage::ConsumerKey(LastId(consumer.name())), record);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::CreateConsumerResponse> Handle(Mutation& m,
                                                  const v1::CreateConsumerRequest& request) {
  const v1::EventFilter& filter = request.consumer().filter();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kConsumerCreate));
  LATCHKEY_RETURN_IF_ERROR(AboutEventsOf(m.caller(), filter, sheet));
  const std::string workspace = ParseWorkspace(filter.workspace()).value_or("");
  const std::string parent = filter.workspace().empty() ? "consumers" : filter.workspace();
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {workspace, parent, ""}));
  LATCHKEY_RETURN_IF_ERROR(CheckNewConsumer(request));
  LATCHKEY_RETURN_IF_ERROR(CheckForMember(m.caller(), request.consumer()));
  Validator form;
  CheckFilter(filter, form);
  LATCHKEY_RETURN_IF_ERROR(InConsumer(form.status()));
  const auto key = storage::ConsumerKey(request.consumer_id());
  LATCHKEY_ASSIGN_OR_RETURN(const auto old, m.txn().Get(key));
  if (old.has_value()) return ResourceExistsError(ConsumerName(request.consumer_id()));
  LATCHKEY_RETURN_IF_ERROR(CheckRoom(m, filter.workspace()));
  ConsumerRecord record;
  *record.mutable_consumer() = NewConsumer(m, request);
  const std::uint64_t start = record.consumer().acknowledged_revision();
  LATCHKEY_RETURN_IF_ERROR(CheckStartOf(m, filter, start));
  ConsumerPositionRecord position;
  position.set_acknowledged_revision(start);
  m.txn().Put(storage::ConsumerPositionKey(request.consumer_id()), position);
  if (!workspace.empty()) {
    m.txn().Put(storage::WorkspaceConsumerKey(workspace, request.consumer_id()));
  }
  if (record.consumer().holds_retention()) {
    m.txn().Put(storage::HoldingConsumerKey(request.consumer_id()));
  }
  v1::CreateConsumerResponse response;
  response.set_revision(m.Write<ConsumerRecord>(key, nullptr, record));
  *response.mutable_consumer() = record.consumer();
  return response;
}

absl::StatusOr<v1::DeleteConsumerResponse> Handle(Mutation& m,
                                                  const v1::DeleteConsumerRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(v1::Consumer consumer, Find(m, policy::Action::kConsumerDelete,
                                                        request.name(), request.request_id()));
  const absl::string_view id = LastId(request.name());
  m.txn().Delete(storage::ConsumerPositionKey(id));
  m.txn().Delete(storage::HoldingConsumerKey(id));
  if (!m.target().workspace.empty()) {
    m.txn().Delete(storage::WorkspaceConsumerKey(m.target().workspace, id));
  }
  m.effects().deleted_consumers.push_back(consumer.name());
  ConsumerRecord before;
  *before.mutable_consumer() = std::move(consumer);
  v1::DeleteConsumerResponse response;
  response.set_revision(m.Erase(storage::ConsumerKey(id), before));
  return response;
}

// Leaves no event: a consumer of all events would have one more to acknowledge for each that it
// acknowledges, and the log of changes would be mostly one of reading.
absl::StatusOr<v1::AcknowledgeResponse> Handle(Mutation& m, const v1::AcknowledgeRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Consumer consumer,
                            Find(m, policy::Action::kAuditRead, request.name(), ""));
  if (request.revision() > Newest(m)) {
    return BeyondEndError("revision", request.revision(), Newest(m));
  }
  const auto key = storage::ConsumerPositionKey(LastId(consumer.name()));
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
  const ConsumerPositionRecord after =
      PositionOf(std::max(consumer.acknowledged_revision(), request.revision()), m.now());
  const bool same = before.has_value() &&
                    before->acknowledged_revision() == after.acknowledged_revision() &&
                    before->active_minute() == after.active_minute();
  if (!same) m.txn().Put(key, after);
  LATCHKEY_RETURN_IF_ERROR(HoldAgain(m, consumer, after.acknowledged_revision()));
  v1::AcknowledgeResponse response;
  response.set_acknowledged_revision(after.acknowledged_revision());
  return response;
}

}  // namespace latchkey
