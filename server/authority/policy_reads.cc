#include <optional>
#include <string>
#include <utility>

#include "server/authority/audit_filter.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/consumers.h"
#include "server/authority/dry_run.h"
#include "server/authority/names.h"
#include "server/authority/refusal.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using policy::Action;

// Whom a dry run is about.
absl::StatusOr<Caller> PrincipalOf(const Caller& caller, const std::string& name) {
  if (name.empty() || name == caller.principal) return caller;
  Caller principal;
  principal.principal = name;
  if (name == kOperatorPrincipal) {
    principal.kind = policy::CallerKind::kOperator;
  } else if (ParseMember(name).has_value()) {
    principal.kind = policy::CallerKind::kMember;
  } else if (ParseService(name).has_value()) {
    principal.kind = policy::CallerKind::kService;
  } else {
    return InvalidNameError("principal", name,
                            "workspaces/{id}/members/{id}, services/{id} or operator");
  }
  return principal;
}

// A dry run tells nobody of a consumer whose events they may not read: it is as if there were none.
absl::Status CheckConsumerReadable(const storage::View& view, const Caller& caller,
                                   const std::string& resource, absl::Time now) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto consumer,
                            ReadConsumer(view, ParseConsumer(resource).value_or("")));
  if (!consumer.has_value() || !IsOpenTo(caller, *consumer)) return ResourceNotFoundError(resource);
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, FactSheet::For(view, caller, Action::kAuditRead, now));
  LATCHKEY_RETURN_IF_ERROR(AboutEventsOf(caller, consumer->filter(), sheet));
  const bool readable = sheet.Decide().outcome == policy::Outcome::kAllow;
  return readable ? absl::OkStatus() : ResourceNotFoundError(resource);
}

// Nor of a token that they may not read.
absl::Status CheckReadable(const storage::View& view, const Caller& caller,
                           const v1::CheckPermissionRequest& request, absl::Time now) {
  const std::string& resource = request.resource();
  if (request.action() == v1::ACTION_CONSUMER_DELETE && ParseConsumer(resource).has_value()) {
    return CheckConsumerReadable(view, caller, resource, now);
  }
  const auto id = ParseToken(resource);
  if (!id.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, FactSheet::For(view, caller, Action::kTokenRead, now));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutToken(*id));
  const bool readable =
      sheet.token().has_value() && sheet.Decide().outcome == policy::Outcome::kAllow;
  return readable ? absl::OkStatus() : ResourceNotFoundError(resource);
}

}  // namespace

absl::StatusOr<v1::CheckPermissionResponse> Authority::Read(
    const Caller& caller, const v1::CheckPermissionRequest& request) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, Action::kPolicyCheck, request.principal(), [&](FactSheet& sheet) {
        return sheet.AboutPrincipal(request.principal());
      }).status());
  LATCHKEY_RETURN_IF_ERROR(CheckAsked(request));
  LATCHKEY_ASSIGN_OR_RETURN(const Caller principal, PrincipalOf(caller, request.principal()));
  absl::StatusOr<FactSheet> sheet =
      FactSheet::For(view, principal, static_cast<Action>(static_cast<int>(request.action())),
                     options_.clock.Now());
  if (absl::IsUnauthenticated(sheet.status()) && !request.principal().empty()) {
    return ResourceNotFoundError(request.principal());
  }
  LATCHKEY_RETURN_IF_ERROR(sheet.status());
  LATCHKEY_RETURN_IF_ERROR(CheckReadable(view, caller, request, options_.clock.Now()));
  Target target;
  LATCHKEY_RETURN_IF_ERROR(AboutAsked(view, principal, *sheet, request, target));
  if (caller.kind == policy::CallerKind::kMember && principal.principal != caller.principal) {
    // Who asks for another learns nothing of a workspace that only the other may act in.
    LATCHKEY_ASSIGN_OR_RETURN(
        FactSheet own, FactSheet::For(view, caller, sheet->facts().action, options_.clock.Now()));
    LATCHKEY_RETURN_IF_ERROR(AboutAsked(view, caller, own, request, target));
    if (own.Decide().rule == "caller.cross_workspace") {
      return ResourceNotFoundError(request.resource());
    }
  }
  const policy::Decision decision = sheet->Decide();
  if (decision.outcome != policy::Outcome::kDeny) {
    LATCHKEY_RETURN_IF_ERROR(CheckThere(view, principal, *sheet, request, target));
  } else if (principal.principal == caller.principal || sheet->missing()) {
    // Who asks for another, and may know of the resource, is told why the other may not.
    const absl::Status told =
        RefusalError(*sheet, decision, ReadingOfAsked(request), target.resource, target.app);
    if (absl::IsNotFound(told)) return told;
  }
  v1::CheckPermissionResponse response;
  *response.mutable_decision() = ToProto(decision);
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t newest, view.NewestSequence());
  response.set_revision(newest);
  return response;
}

absl::StatusOr<v1::ListRulesResponse> Authority::Read(const Caller& caller,
                                                      const v1::ListRulesRequest&) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, Action::kPolicyRead, "the rules", [](FactSheet&) {
        return absl::OkStatus();
      }).status());
  v1::ListRulesResponse response;
  for (const policy::Rule& row : policy::Rules()) {
    v1::Rule& rule = *response.add_rules();
    rule.set_id(std::string(row.id));
    rule.set_condition(std::string(row.condition));
    rule.set_effect(std::string(row.effect));
    for (const Action action : row.actions) rule.add_actions(ToProto(action));
  }
  return response;
}

}  // namespace latchkey
