#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/authority/audit_filter.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/log_reach.h"
#include "server/authority/names.h"
#include "server/authority/paging.h"
#include "server/base/status_macros.h"

namespace latchkey {

absl::Status Authority::AuthorizeAudit(const Caller& caller, const v1::EventFilter& filter) {
  const std::string& about =
      filter.workspace().empty() ? filter.organization() : filter.workspace();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(NewView(), caller, policy::Action::kAuditRead, about, [&](FactSheet& sheet) {
        return AboutEventsOf(caller, filter, sheet);
      }).status());
  return CheckNamesItsPart(caller, filter);
}

absl::Status Authority::CheckStart(std::uint64_t after, const v1::EventFilter& filter) {
  const std::uint64_t newest = hub_->newest();
  const absl::Time now = options_.clock.Now();
  std::uint64_t oldest = 0;
  {
    const storage::View view = NewView();
    LATCHKEY_ASSIGN_OR_RETURN(const bool is_retained,
                              IsRetainedFor(view, filter, after, newest, now));
    if (is_retained) return absl::OkStatus();
    LATCHKEY_ASSIGN_OR_RETURN(oldest, OldestFor(view, filter, newest, now));
  }
  // What was removed can still be proven against a checkpoint that covers it.
  const bool is_removed = after <= newest;
  const absl::StatusOr<std::string> checkpoint =
      is_removed ? CheckpointAt(oldest - 1) : std::string();
  return OutOfRangeError(after, oldest, newest, "after_revision", checkpoint.value_or(""));
}

absl::StatusOr<v1::ListEventsResponse> Authority::Read(const Caller& caller,
                                                       const v1::ListEventsRequest& request) {
  const std::uint64_t authorized_at = hub_->newest();
  LATCHKEY_RETURN_IF_ERROR(AuthorizeAudit(caller, request.filter()));
  Validator validator;
  CheckFilter(request.filter(), validator);
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  const EventSelector selector = SelectorOf(request.filter());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  LATCHKEY_ASSIGN_OR_RETURN(
      const std::uint64_t oldest,
      OldestFor(NewView(), request.filter(), hub_->newest(), options_.clock.Now()));
  const std::uint64_t before_oldest = oldest == 0 ? 0 : oldest - 1;
  std::uint64_t after = request.after_revision();
  if (after == 0) after = before_oldest;
  std::uint64_t position = request.descending() ? hub_->newest() + 1 : after;
  if (!page.after.empty() && !absl::SimpleAtoi(page.after, &position)) {
    return PageTokenError();
  }
  // What was removed between two pages is no silent gap either.
  const std::uint64_t start = request.descending() ? after : std::min(after, position);
  if (start < before_oldest) LATCHKEY_RETURN_IF_ERROR(CheckStart(start, request.filter()));
  EventHub::Limits limits;
  limits.max_events = page.size;
  EventHub::Batch batch;
  bool more = false;
  v1::ListEventsResponse response;
  if (request.descending()) {
    LATCHKEY_ASSIGN_OR_RETURN(batch, hub_->ReadBackward(position, selector, limits));
    more = batch.complete_through > 0 && batch.complete_through - 1 > after;
  } else {
    LATCHKEY_ASSIGN_OR_RETURN(batch, hub_->Read(position, selector, limits));
    more = batch.complete_through < hub_->newest();
  }
  // What was committed after the right ended is not for this caller any more.
  if (hub_->rights_changed() > authorized_at) {
    LATCHKEY_RETURN_IF_ERROR(AuthorizeAudit(caller, request.filter()));
  }
  if (!response.ParseFromString(batch.events)) {
    return absl::DataLossError("events that were read do not parse");
  }
  // Backwards the walk may have gone below.
  while (response.events_size() > 0 && response.events().rbegin()->sequence() <= after) {
    response.mutable_events()->RemoveLast();
  }
  if (more) {
    response.set_next_page_token(PageTokenAfter(page, absl::StrCat(batch.complete_through)));
  }
  return response;
}

absl::StatusOr<v1::GetEventResponse> Authority::Read(const Caller& caller,
                                                     const v1::GetEventRequest& request) {
  const std::string name = absl::StrCat("event ", request.sequence());
  v1::EventFilter filter;
  if (caller.kind == policy::CallerKind::kMember) {
    filter.set_workspace(WorkspaceName(WorkspaceIdOf(caller.principal)));
  }
  LATCHKEY_ASSIGN_OR_RETURN(auto event, NewView().Get(storage::EventKey(request.sequence())));
  // An owner of an organization reads the events of all its workspaces.
  v1::EventFilter theirs;
  if (event.has_value()) theirs.set_workspace(event->workspace());
  // And who started a bulk revocation, the events of that.
  if (event.has_value() && ParseBulkRevocation(event->resource()).has_value()) {
    theirs.set_resource(event->resource());
  }
  // Nor may an owner of the organization that it belonged to be kept from it by where it is now.
  v1::EventFilter together;
  if (event.has_value()) together.set_organization(event->organization());
  const bool named = !theirs.workspace().empty() && AuthorizeAudit(caller, theirs).ok();
  const bool grouped = !together.organization().empty() && AuthorizeAudit(caller, together).ok();
  bool is_theirs = true;
  if (!named && !grouped) {
    LATCHKEY_RETURN_IF_ERROR(AuthorizeAudit(caller, filter));
    is_theirs = event.has_value() &&
                (filter.workspace().empty() || event->workspace() == filter.workspace());
  } else if (!filter.workspace().empty()) {
    filter.set_workspace(theirs.workspace());
  }
  // Whoever reads one workspace reads as far back as its plan goes.
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t oldest,
                            OldestFor(NewView(), filter, hub_->newest(), options_.clock.Now()));
  if (request.sequence() > 0 && request.sequence() < oldest) {
    return RemovedEventError(request.sequence(), oldest);
  }
  if (!is_theirs) return ResourceNotFoundError(name);
  v1::GetEventResponse response;
  *response.mutable_event() = *std::move(event);
  return response;
}

absl::StatusOr<v1::GetStatusResponse> Authority::Read(const Caller& caller,
                                                      const v1::GetStatusRequest&) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, policy::Action::kAdminRead, "the status", [](FactSheet&) {
        return absl::OkStatus();
      }).status());
  v1::GetStatusResponse response;
  response.set_version(LATCHKEY_VERSION);
  response.set_newest_revision(hub_->newest());
  response.set_oldest_revision(hub_->oldest());
  *response.mutable_start_time() = ToProto(start_time_);
  const absl::Status writable = options_.engine.writable();
  response.set_writable(writable.ok());
  response.set_write_error(std::string(writable.message()));
  response.set_store_bytes(options_.engine.SizeInBytes());
  response.set_cached_tokens(verifier_->cached_tokens());
  response.set_subscribers(hub_->readers());
  LATCHKEY_ASSIGN_OR_RETURN(const auto meta, view.Get(storage::MetaKey()));
  if (meta.has_value()) response.set_store_format(meta->format());
  for (const std::uint32_t id : options_.keyring.key_ids()) {
    response.add_key_ids(absl::StrCat(id));
  }
  response.set_commits(sequencer_->counters().commits);
  response.set_mutations(sequencer_->counters().commands);
  return response;
}

}  // namespace latchkey
