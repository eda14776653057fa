#include "server/authority/mutation.h"

#include <array>
#include <utility>

#include "server/authority/names.h"
#include "server/authority/refusal.h"
#include "server/base/status_macros.h"

namespace latchkey {

absl::StatusOr<FactSheet> Mutation::Gather(policy::Action action) {
  action_ = action;
  absl::StatusOr<FactSheet> sheet = FactSheet::For(transaction_, caller_, action, now_);
  if (absl::IsPermissionDenied(sheet.status())) {
    refused_ = true;
    decision_ = UndelegatedDecision();
    LATCHKEY_RETURN_IF_ERROR(AimAtWhoIsImpersonated());
  }
  return sheet;
}

absl::Status Mutation::AimAtWhoIsImpersonated() {
  const std::string& member = caller_.undelegated.empty() ? caller_.principal : caller_.undelegated;
  const std::string workspace(WorkspaceIdOf(member));
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, transaction_.Get(storage::WorkspaceKey(workspace)));
  // Of what is not there nobody is to find events when it is made.
  if (!record.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto named,
                            transaction_.Get(storage::MemberKey(workspace, LastId(member))));
  return AimAt({workspace, named.has_value() ? member : WorkspaceName(workspace), ""});
}

absl::Status Mutation::Authorize(const FactSheet& sheet, const Target& target,
                                 std::optional<policy::Action> reading) {
  LATCHKEY_RETURN_IF_ERROR(AimAt(target));
  decision_ = sheet.Decide();
  switch (decision_.outcome) {
    case policy::Outcome::kAllow:
      return absl::OkStatus();
    case policy::Outcome::kNeedsApproval:
      return NeedsApprovalError(ToProto(action_), decision_, "", 0);
    case policy::Outcome::kDeny:
      break;
  }
  // What is of no form names nothing of which a refusal could tell.
  if (!target.form.ok() && TellsWhatItIs(action_, decision_)) return target.form;
  // Nor did a member whose name is of no form act on another's workspace: a slip, and none for the
  // log.
  const bool names_nothing =
      decision_.rule == "caller.cross_workspace" && !IsResourceName(target.resource);
  refused_ = !names_nothing;
  return RefusalError(sheet, decision_, reading.has_value() ? reading : ReadingOf(action_),
                      target.resource, target.app);
}

absl::Status Mutation::AuthorizeBearer(policy::Action action, const Target& target, bool spent) {
  action_ = action;
  by_bearer_ = caller_.kind == policy::CallerKind::kAnonymous;
  LATCHKEY_RETURN_IF_ERROR(AimAt(target));
  policy::Facts facts;
  facts.action = action_;
  facts.caller = policy::CallerKind::kAnonymous;
  facts.presents_secret = true;
  facts.secret_spent = spent;
  decision_ = policy::Decide(facts);
  if (decision_.outcome == policy::Outcome::kAllow) return absl::OkStatus();
  refused_ = true;
  return DeniedError(ToProto(action_), decision_);
}

absl::Status Mutation::AuthorizeItself(policy::Action action, const Target& target) {
  action_ = action;
  by_itself_ = true;
  continued_.reset();
  decision_ = {policy::Outcome::kAllow, "latchkey.itself", "The service does this by itself."};
  return AimAt(target);
}

absl::Status Mutation::Continue(const v1::Actor& actor, const v1::Decision& decision,
                                const Target& target) {
  continued_ = Continued{actor, decision};
  return AimAt(target);
}

absl::Status Mutation::AimAt(const Target& target) {
  target_ = target;
  if (!target_.organization.empty() || !IsId(target_.workspace)) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto workspace,
                            transaction_.Get(storage::WorkspaceKey(target_.workspace)));
  if (workspace.has_value()) target_.organization = workspace->workspace().organization();
  return absl::OkStatus();
}

void Mutation::WriteNotice(v1::Action action, absl::Time end) {
  v1::Event event = BaseEvent(action);
  event.set_resource(target_.resource);
  *event.mutable_end_time() = ToProto(end);
  transaction_.Append(std::move(event));
}

void Mutation::WriteSummary(v1::Action action, const v1::Summary& summary) {
  v1::Event event = BaseEvent(action);
  event.set_resource(target_.resource);
  *event.mutable_summary() = summary;
  transaction_.Append(std::move(event));
}

std::uint64_t Mutation::WriteDecision() {
  v1::Event event = BaseEvent(std::nullopt);
  if (reuse_.has_value()) {
    event.set_action(v1::ACTION_TOKEN_REUSE);
    *event.mutable_reuse() = *reuse_;
  }
  // What is no name may be anything, a secret too.
  if (IsResourceName(target_.resource)) event.set_resource(target_.resource);
  return transaction_.Append(std::move(event));
}

absl::Status Mutation::FillSummary(v1::Action action, absl::string_view who, v1::Event& event) {
  const bool of_peer = action == v1::ACTION_AUTHENTICATION_FAIL;
  LATCHKEY_RETURN_IF_ERROR(AuthorizeItself(
      policy::Action::kPolicyCheck, {of_peer ? "" : std::string(WorkspaceIdOf(who)), "", ""}));
  event = BaseEvent(action);
  if (of_peer) {
    event.mutable_actor()->set_principal(kAnonymousPrincipal);
    event.mutable_actor()->set_peer(std::string(who));
  } else {
    // Principals beyond those that are counted one by one share a row without a name.
    const bool of_token = ParseToken(who).has_value();
    event.mutable_actor()->set_principal(of_token ? kBearerPrincipal : std::string(who));
    event.set_resource(std::string(who));
  }
  event.mutable_decision()->set_outcome(v1::OUTCOME_DENIED);
  event.mutable_decision()->set_reason("Counted, and not recorded one by one.");
  return absl::OkStatus();
}

void Mutation::EndGeneration(absl::string_view owner_key, std::uint64_t ended, v1::Action action,
                             absl::string_view reason) {
  storage::v1::GenerationRecord record;
  *record.mutable_revocation() = MakeRevocation(action, reason);
  transaction_.Put(storage::GenerationKey(owner_key, ended), record);
  effects_.raised.emplace_back(std::string(owner_key), ended + 1);
}

v1::Revocation Mutation::MakeRevocation(v1::Action action, absl::string_view reason) const {
  v1::Revocation revocation;
  *revocation.mutable_time() = ToProto(now_);
  revocation.set_principal(Principal());
  revocation.set_action(action);
  revocation.set_reason(std::string(reason));
  revocation.set_revision(transaction_.next_sequence());
  return revocation;
}

std::string Mutation::NewId() {
  // 48 bits of milliseconds, then 52 random bits, five bits a character.
  constexpr absl::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  std::array<unsigned char, 10> random{};
  tools_.entropy.Fill(random.data(), random.size());
  auto millis = static_cast<std::uint64_t>(absl::ToUnixMillis(now_));
  std::string id(20, '0');
  for (std::size_t i = 10; i-- > 0; millis >>= 5) id[i] = kAlphabet[millis & 31];
  for (std::size_t i = 0; i < random.size(); ++i) id[10 + i] = kAlphabet[random[i] & 31];
  return id;
}

std::string Mutation::Principal() const {
  if (continued_.has_value()) return continued_->actor.principal();
  if (by_itself_) return kSystemPrincipal;
  return by_bearer_ ? kBearerPrincipal : caller_.principal;
}

v1::Event Mutation::BaseEvent(std::optional<v1::Action> action) const {
  v1::Event event;
  *event.mutable_time() = ToProto(now_);
  if (continued_.has_value()) {
    *event.mutable_actor() = continued_->actor;
  } else if (!by_itself_) {
    *event.mutable_actor() = ToActor(caller_);
  }
  event.mutable_actor()->set_principal(Principal());
  event.set_action(action.value_or(ToProto(action_)));
  *event.mutable_decision() = continued_.has_value() ? continued_->decision : ToProto(decision_);
  if (IsId(target_.workspace)) event.set_workspace(WorkspaceName(target_.workspace));
  // What is no name may be anything, a secret too.
  if (ParseOrganization(target_.organization).has_value()) {
    event.set_organization(target_.organization);
  }
  if (ParseApp(target_.app).has_value()) event.set_app(target_.app);
  event.set_reason(reason_);
  event.set_request_id_hash(request_id_hash_);
  return event;
}

v1::Actor ToActor(const Caller& caller) {
  v1::Actor actor;
  actor.set_principal(caller.principal);
  actor.set_delegate(caller.delegate);
  actor.set_token(caller.token);
  actor.set_peer(caller.peer);
  actor.set_user_agent(caller.user_agent);
  return actor;
}

}  // namespace latchkey
