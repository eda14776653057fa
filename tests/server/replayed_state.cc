#include "tests/server/replayed_state.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "server/authority/actions.h"
#include "server/policy/plan_limits.h"

namespace latchkey::testing {
namespace {

// How long dead tokens of services stay listed.
constexpr absl::Duration kServiceTokenRetention = absl::Hours(24 * 90);

// Whether they are the same resource, but for what changes without an event.
bool IsSame(const v1::Entity& a, const v1::Entity& b) {
  if (!a.has_consumer() || !b.has_consumer()) return a.SerializeAsString() == b.SerializeAsString();
  v1::Consumer one = a.consumer();
  v1::Consumer other = b.consumer();
  ForgetPosition(one);
  ForgetPosition(other);
  return one.SerializeAsString() == other.SerializeAsString();
}

absl::Time EndOf(const v1::Token& dead) {
  return FromProto(dead.has_revocation() ? dead.revocation().time() : dead.expire_time());
}

bool MakesSecret(const v1::Event& event) {
  return event.action() == v1::ACTION_TOKEN_ISSUE ||
         event.action() == v1::ACTION_TOKEN_REGENERATE || event.action() == v1::ACTION_TOKEN_ROTATE;
}

}  // namespace

std::string WorkspaceOfToken(const std::string& token) {
  return absl::StartsWith(token, "workspaces/") ? token.substr(0, token.find("/tokens/")) : "";
}

void ReplayedState::Apply(const v1::Event& event) {
  if (event.action() == v1::ACTION_TOKEN_PURGE) NotePurge(event);
  if (event.has_end_time()) NoteNotice(event);
  if (!event.has_before() && !event.has_after()) return;
  const std::string& name = event.resource();
  const auto known = resources_.find(name);
  const bool fits = known == resources_.end()
                        ? !event.has_before()
                        : event.has_before() && IsSame(event.before(), known->second);
  EXPECT_TRUE(fits) << event.ShortDebugString();
  if (event.has_after()) {
    resources_[name] = event.after();
    if (event.after().has_token() && MakesSecret(event)) {
      secrets_[name].push_back(event.sequence());
    }
    if (event.after().has_service()) services_.insert(name);
    if (event.action() == v1::ACTION_CONSUMER_CREATE) made_[name] = event.sequence();
  } else {
    resources_.erase(name);
  }
  EndGenerations(event);
}

// What is purged was dead for as long as the plan says at the time.
void ReplayedState::NotePurge(const v1::Event& event) {
  const std::string& workspace = event.workspace();
  const absl::Duration retention =
      workspace.empty() ? kServiceTokenRetention
                        : policy::LimitsOf(ToPolicy(resources_.at(workspace).workspace().plan()))
                              .dead_token_retention;
  EXPECT_LE(FromProto(event.summary().last_time()) + retention, FromProto(event.time()))
      << event.ShortDebugString();
  purges_[workspace].push_back(event.summary());
  purged_[workspace] += event.summary().count();
}

// A warning is of what is still to come, and an expiry is told once.
void ReplayedState::NoteNotice(const v1::Event& event) {
  const absl::Time time = FromProto(event.time());
  const std::optional<v1::Token> token = TokenAt(event.resource(), time);
  ASSERT_TRUE(token.has_value()) << event.ShortDebugString();
  if (event.action() != v1::ACTION_TOKEN_EXPIRE) {
    EXPECT_EQ(token->state(), v1::TOKEN_STATE_ACTIVE) << event.ShortDebugString();
    EXPECT_GT(FromProto(event.end_time()), time) << event.ShortDebugString();
    return;
  }
  EXPECT_EQ(token->state(), v1::TOKEN_STATE_EXPIRED) << event.ShortDebugString();
  EXPECT_EQ(FromProto(event.end_time()), FromProto(token->expire_time()));
  EXPECT_TRUE(told_.insert(event.resource()).second) << event.ShortDebugString();
}

template <typename Ends>
void ReplayedState::EndTokens(const v1::Event& event, const std::string& why, const Ends& ends) {
  v1::Revocation revocation;
  *revocation.mutable_time() = event.time();
  revocation.set_principal(event.actor().principal());
  revocation.set_action(event.action());
  revocation.set_reason(event.reason().empty() ? why : event.reason());
  revocation.set_revision(event.sequence());
  for (const auto& [name, entity] : resources_) {
    // Of several ends the first counts.
    if (entity.has_token() && ends(entity.token())) ends_.try_emplace(name, revocation);
  }
}

void ReplayedState::EndGenerations(const v1::Event& event) {
  const std::string& name = event.resource();
  const auto in_workspace = [&](const v1::Token& token) {
    return absl::StartsWith(token.name(), event.workspace() + "/");
  };
  const auto of_app = [&](const v1::Token& token) {
    return token.app() == event.app() && in_workspace(token);
  };
  const auto spoken_for = [&](const v1::Token& token) { return token.member() == name; };
  const auto of_service = [&](const v1::Token& token) { return token.service() == name; };
  const auto of_deleted = [&](const v1::Token& token) { return token.app() == name; };
  switch (event.action()) {
    case v1::ACTION_WORKSPACE_UPDATE:
      if (event.before().workspace().state() == v1::WORKSPACE_STATE_ACTIVE &&
          event.after().workspace().state() == v1::WORKSPACE_STATE_SUSPENDED) {
        EndTokens(event, "The workspace was suspended.", in_workspace);
      }
      return;
    case v1::ACTION_MEMBER_DEACTIVATE:
      return EndTokens(event, "The member was deactivated.", spoken_for);
    case v1::ACTION_SERVICE_DELETE:
      return EndTokens(event, "The service was deleted.", of_service);
    case v1::ACTION_APP_DELETE:
      return EndTokens(event, "The app was deleted.", of_deleted);
    case v1::ACTION_TOKEN_BULK_REVOKE:
      if (event.after().has_installation()) EndTokens(event, "Revoked in bulk.", of_app);
      if (event.after().has_member()) EndTokens(event, "Revoked in bulk.", spoken_for);
      if (event.after().has_workspace()) EndTokens(event, "Revoked in bulk.", in_workspace);
      return;
    case v1::ACTION_APP_UNINSTALL:
      return EndTokens(event, "The app was uninstalled.", of_app);
    case v1::ACTION_APP_RESTRICT:
      return EndTokens(event, "The app was restricted.", of_app);
    case v1::ACTION_APP_REINSTALL:
      if (event.after().has_installation()) EndTokens(event, "The app was reinstalled.", of_app);
      return;
    default:
      return;
  }
}

v1::Token ReplayedState::Published(const v1::Token& own, absl::Time now) const {
  v1::Token token = own;
  if (token.has_previous_secret_expire_time() &&
      FromProto(token.previous_secret_expire_time()) <= now) {
    token.clear_previous_secret_expire_time();
  }
  if (token.state() == v1::TOKEN_STATE_REVOKED) return token;
  if (const auto end = ends_.find(token.name()); end != ends_.end()) {
    token.set_state(v1::TOKEN_STATE_REVOKED);
    *token.mutable_revocation() = end->second;
  }
  if (!token.has_expire_time() || FromProto(token.expire_time()) > now) return token;
  if (!token.has_revocation() ||
      FromProto(token.expire_time()) < FromProto(token.revocation().time())) {
    token.set_state(v1::TOKEN_STATE_EXPIRED);
    token.clear_revocation();
  }
  return token;
}

// Deleting an app uninstalls it everywhere, without an event of each workspace.
v1::Installation ReplayedState::Published(const v1::Installation& own) const {
  v1::Installation installation = own;
  const v1::App* const app = FindApp(own.app());
  const bool deleted = app != nullptr && app->has_delete_time();
  if (deleted && own.state() == v1::INSTALLATION_STATE_INSTALLED) {
    installation.set_state(v1::INSTALLATION_STATE_UNINSTALLED);
  }
  return installation;
}

std::optional<v1::Token> ReplayedState::TokenAt(const std::string& name, absl::Time now) const {
  const auto known = resources_.find(name);
  if (known == resources_.end()) return std::nullopt;
  return Published(known->second.token(), now);
}

std::vector<std::string> ReplayedState::LiveAccessTokensOf(const std::string& refresh,
                                                           absl::Time now) const {
  std::vector<std::string> live;
  for (const auto& [name, entity] : resources_) {
    if (!entity.has_token() || entity.token().refresh_token() != refresh) continue;
    if (Published(entity.token(), now).state() == v1::TOKEN_STATE_ACTIVE) live.push_back(name);
  }
  return live;
}

const v1::App* ReplayedState::FindApp(const std::string& name) const {
  const auto known = resources_.find(name);
  return known == resources_.end() ? nullptr : &known->second.app();
}

const v1::Consumer* ReplayedState::FindConsumer(const std::string& name) const {
  const auto known = resources_.find(name);
  return known == resources_.end() ? nullptr : &known->second.consumer();
}

bool ReplayedState::IsGood(const ShownSecret& secret, absl::Time now) const {
  const std::optional<v1::Token> token = TokenAt(secret.token, now);
  if (!token.has_value() || token->state() != v1::TOKEN_STATE_ACTIVE) return false;
  const std::uint64_t last = secrets_.at(secret.token).back();
  if (secret.revision == last) return true;
  return token->has_previous_secret_expire_time() && ReplacedAt(secret) == last;
}

std::uint64_t ReplayedState::ReplacedAt(const ShownSecret& secret) const {
  const std::vector<std::uint64_t>& made = secrets_.at(secret.token);
  const auto next = std::upper_bound(made.begin(), made.end(), secret.revision);
  return next == made.end() ? 0 : *next;
}

std::vector<std::string> ReplayedState::UntoldExpiries(absl::Time now) const {
  std::vector<std::string> untold;
  for (const auto& [name, entity] : resources_) {
    if (!entity.has_token() || told_.contains(name)) continue;
    const bool expired = Published(entity.token(), now).state() == v1::TOKEN_STATE_EXPIRED;
    if (expired) untold.push_back(name);
  }
  return untold;
}

bool ReplayedState::MayBePurged(const std::string& token, absl::Time now) const {
  const auto known = resources_.find(token);
  if (known == resources_.end() || !known->second.has_token()) return false;
  const v1::Token dead = Published(known->second.token(), now);
  const auto of_workspace = purges_.find(WorkspaceOfToken(token));
  if (dead.state() == v1::TOKEN_STATE_ACTIVE || of_workspace == purges_.end()) return false;
  return std::any_of(of_workspace->second.begin(), of_workspace->second.end(),
                     [&](const v1::Summary& purge) {
                       return FromProto(purge.first_time()) <= EndOf(dead) &&
                              EndOf(dead) <= FromProto(purge.last_time());
                     });
}

State ReplayedState::ShownAt(absl::Time now) const {
  State state;
  for (const auto& [name, entity] : resources_) {
    switch (entity.resource_case()) {
      case v1::Entity::kWorkspace:
        AddTo(state, entity.workspace());
        break;
      case v1::Entity::kOrganization:
        AddTo(state, entity.organization());
        break;
      case v1::Entity::kMember:
        AddTo(state, entity.member());
        break;
      case v1::Entity::kService:
        AddTo(state, entity.service());
        break;
      case v1::Entity::kApp:
        AddTo(state, entity.app());
        break;
      case v1::Entity::kInstallation:
        AddTo(state, Published(entity.installation()));
        break;
      case v1::Entity::kApprovalRequest:
        AddTo(state, entity.approval_request());
        break;
      case v1::Entity::kBulkRevocation:
        AddTo(state, entity.bulk_revocation());
        break;
      case v1::Entity::kToken:
        AddTo(state, Published(entity.token(), now));
        break;
      case v1::Entity::kConsumer: {
        v1::Consumer consumer = entity.consumer();
        ForgetPosition(consumer);
        AddTo(state, consumer);
        break;
      }
      case v1::Entity::RESOURCE_NOT_SET:
        ADD_FAILURE() << name;
        break;
    }
  }
  return state;
}

}  // namespace latchkey::testing
