// Reading consumers, and following the log with them.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "server/authority/audit_filter.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/consumers.h"
#include "server/authority/lists.h"
#include "server/authority/names.h"
#include "server/authority/refusal.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::ConsumerRecord;

}  // namespace

void Authority::Complete(v1::Consumer& consumer) const {
  const std::uint64_t newest = hub_->newest();
  const std::uint64_t position = consumer.acknowledged_revision();
  consumer.set_lag(newest > position ? newest - position : 0);
  consumer.set_connected(consumer_streams_.connected(consumer.name()));
}

bool Authority::HoldsEvents(const std::string& consumer) const {
  const auto read = ReadConsumer(NewView(), LastId(consumer));
  return read.ok() && read->has_value() && (*read)->holds_retention() && !(*read)->hold_lapsed();
}

void Authority::NoteActive(const std::string& consumer) {
  Enqueue([id = std::string(LastId(consumer))](Mutation& m) -> absl::Status {
    const auto key = storage::ConsumerPositionKey(id);
    LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
    if (!before.has_value()) return absl::OkStatus();  // it was deleted meanwhile
    const auto after = PositionOf(before->acknowledged_revision(), m.now());
    if (after.active_minute() != before->active_minute()) m.txn().Put(key, after);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::GetConsumerResponse> Authority::Read(const Caller& caller,
                                                        const v1::GetConsumerRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseConsumer(request.name());
  std::optional<v1::Consumer> consumer;
  if (id.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(consumer, ReadConsumer(view, *id));
  }
  const v1::EventFilter filter = consumer.has_value() ? consumer->filter() : v1::EventFilter();
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      FactSheet::For(view, caller, policy::Action::kAuditRead, options_.clock.Now()));
  LATCHKEY_RETURN_IF_ERROR(AboutEventsOf(caller, filter, sheet));
  if (const policy::Decision decision = sheet.Decide();
      decision.outcome != policy::Outcome::kAllow) {
    return IsAboutCaller(decision) ? DeniedError(v1::ACTION_AUDIT_READ, decision)
                                   : ResourceNotFoundError(request.name());
  }
  if (!id.has_value()) return InvalidNameError("name", request.name(), kConsumerForm);
  if (!consumer.has_value() || !IsOpenTo(caller, *consumer)) {
    return ResourceNotFoundError(request.name());
  }
  Complete(*consumer);
  v1::GetConsumerResponse response;
  *response.mutable_consumer() = *std::move(consumer);
  return response;
}

absl::StatusOr<v1::ListConsumersResponse> Authority::Read(const Caller& caller,
                                                          const v1::ListConsumersRequest& request) {
  const storage::View view = NewView();
  v1::EventFilter filter;
  filter.set_workspace(request.workspace());
  LATCHKEY_ASSIGN_OR_RETURN(
      const FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kAuditRead, request.workspace(),
                    [&](FactSheet& s) { return AboutEventsOf(caller, filter, s); }));
  const auto workspace = ParseWorkspace(request.workspace());
  if (!NamesItsPart(caller, filter) || (!workspace.has_value() && !request.workspace().empty())) {
    return InvalidNameError("workspace", request.workspace(), kWorkspaceForm);
  }
  if (workspace.has_value() && !sheet.workspace().has_value()) {
    return ResourceNotFoundError(request.workspace());
  }
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListConsumersResponse response;
  const auto add = [&](const ConsumerRecord& record) -> absl::StatusOr<bool> {
    if (!IsOpenTo(caller, record.consumer())) return false;
    LATCHKEY_ASSIGN_OR_RETURN(v1::Consumer consumer, WithPosition(view, record));
    Complete(consumer);
    *response.add_consumers() = std::move(consumer);
    return true;
  };
  absl::StatusOr<std::string> next =
      workspace.has_value()
          ? ListIndexed<ConsumerRecord>(
                view, storage::WorkspaceConsumerPrefix(*workspace), page,
                [](absl::string_view id) { return storage::ConsumerKey(id); }, add)
          : ListRecords<ConsumerRecord>(
                view, storage::ConsumerPrefix(), page, ListOrder::kForward,
                [&](absl::string_view, const ConsumerRecord& record) { return add(record); });
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_next_page_token(), std::move(next));
  return response;
}

}  // namespace latchkey
