#include "server/authority/sweep.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/deadlines.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

using storage::v1::TokenRecord;

absl::StatusOr<EndingRules> RulesOf(Mutation& m, const v1::Token& token) {
  const absl::string_view id = WorkspaceIdOf(token.name());
  if (id.empty()) return RulesFor(nullptr, token.kind());
  LATCHKEY_ASSIGN_OR_RETURN(const auto workspace, m.txn().Get(storage::WorkspaceKey(id)));
  return RulesFor(workspace.has_value() ? &workspace->workspace() : nullptr, token.kind());
}

absl::StatusOr<absl::Time> StoredUse(Mutation& m, absl::string_view token) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto use, m.txn().Get(storage::LastUseKey(token)));
  return use.has_value() ? absl::UnixEpoch() + absl::Hours(use->hour()) : absl::InfinitePast();
}

void Put(Mutation& m, const TokenRecord& record) {
  m.txn().Put(*storage::TokenKeyOfName(record.token().name()), record);
}

// When a token that is published as dead ended.
absl::Time EndOf(const v1::Token& published) {
  return published.state() == v1::TOKEN_STATE_EXPIRED ? FromProto(published.expire_time())
                                                      : FromProto(published.revocation().time());
}

}  // namespace

void SetDeadline(Mutation& m, absl::Time time, TokenRecord& record) {
  const std::string& name = record.token().name();
  if (record.has_deadline_time()) {
    m.txn().Delete(storage::DeadlineKey(FromProto(record.deadline_time()), name));
    record.clear_deadline_time();
  }
  if (time == absl::InfiniteFuture()) return;
  // The index keeps microseconds.
  time = absl::FromUnixMicros(absl::ToUnixMicros(time));
  *record.mutable_deadline_time() = ToProto(time);
  m.txn().Put(storage::DeadlineKey(time, name));
}

absl::Status ScheduleLive(Mutation& m, TokenRecord& record, bool is_new) {
  LATCHKEY_ASSIGN_OR_RETURN(const EndingRules rules, RulesOf(m, record.token()));
  absl::Time use = absl::InfinitePast();
  if (!is_new) {
    LATCHKEY_ASSIGN_OR_RETURN(use, StoredUse(m, record.token().name()));
  }
  SetDeadline(m, EndingOf(record, rules, use, m.now()).next, record);
  return absl::OkStatus();
}

absl::Status ScheduleAnew(Mutation& m, absl::string_view token) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().GetToken(token));
  if (!before.has_value()) return absl::OkStatus();
  TokenRecord after = *before;
  if (before->token().state() == v1::TOKEN_STATE_REVOKED) {
    LATCHKEY_RETURN_IF_ERROR(
        SchedulePurge(m, FromProto(before->token().revocation().time()), after));
  } else {
    LATCHKEY_RETURN_IF_ERROR(ScheduleLive(m, after));
  }
  Put(m, after);
  return absl::OkStatus();
}

absl::Status SchedulePurge(Mutation& m, absl::Time end, TokenRecord& record) {
  LATCHKEY_ASSIGN_OR_RETURN(const EndingRules rules, RulesOf(m, record.token()));
  SetDeadline(m, end + rules.retention, record);
  return absl::OkStatus();
}

absl::Status Sweep::Handle(const std::string& deadline_key) {
  const std::string name(storage::TokenOfDeadlineKey(deadline_key));
  LATCHKEY_ASSIGN_OR_RETURN(const auto record, m_.txn().GetToken(name));
  const bool current =
      record.has_value() && record->has_deadline_time() &&
      FromProto(record->deadline_time()) == storage::TimeOfDeadlineKey(deadline_key);
  if (!current) {
    // The token moved on since the index was read.
    m_.txn().Delete(storage::IndexKey{deadline_key});
    return absl::OkStatus();
  }
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m_.txn(), *record, m_.now()));
  return published.state() == v1::TOKEN_STATE_ACTIVE ? HandleLive(*record)
                                                     : HandleDead(*record, published);
}

absl::Status Sweep::HandleLive(const TokenRecord& before) {
  const v1::Token& token = before.token();
  LATCHKEY_ASSIGN_OR_RETURN(const EndingRules rules, RulesOf(m_, token));
  LATCHKEY_ASSIGN_OR_RETURN(absl::Time use, StoredUse(m_, token.name()));
  use = std::max(use, use_in_memory_(token.name()));
  const Ending ending = EndingOf(before, rules, use, m_.now());
  if (ending.idle <= m_.now()) {
    LATCHKEY_RETURN_IF_ERROR(
        m_.AuthorizeItself(policy::Action::kTokenRevoke,
                           {std::string(WorkspaceIdOf(token.name())), token.name(), token.app()}));
    return WriteRevocation(m_, before, v1::ACTION_TOKEN_IDLE_REVOKE,
                           absl::StrCat("Not used for ", absl::FormatDuration(rules.idle_limit)))
        .status();
  }
  TokenRecord after = before;
  // The nearer end is warned of; the other one's turn comes when that has moved.
  const bool idles = ending.idle < ending.expire;
  const absl::Time end = idles ? ending.idle : ending.expire;
  const absl::Duration due =
      WarningDue(before, end, idles ? IdleWarnings() : rules.expiry_warnings, m_.now());
  if (due > absl::ZeroDuration()) {
    LATCHKEY_RETURN_IF_ERROR(
        WriteNotice(token, idles ? v1::ACTION_TOKEN_IDLE_WARN : v1::ACTION_TOKEN_EXPIRE_WARN, end));
    *after.mutable_warned_end_time() = ToProto(end);
    after.set_warned_before_micros(absl::ToInt64Microseconds(due));
  }
  SetDeadline(m_, ending.next, after);
  Put(m_, after);
  return absl::OkStatus();
}

absl::Status Sweep::HandleDead(const TokenRecord& before, const v1::Token& published) {
  LATCHKEY_ASSIGN_OR_RETURN(const EndingRules rules, RulesOf(m_, published));
  const absl::Time end = EndOf(published);
  TokenRecord after = before;
  if (published.state() == v1::TOKEN_STATE_EXPIRED && !before.expiry_told()) {
    LATCHKEY_RETURN_IF_ERROR(WriteNotice(published, v1::ACTION_TOKEN_EXPIRE, end));
    after.set_expiry_told(true);
  }
  SetDeadline(m_, end + rules.retention, after);
  if (end + rules.retention <= m_.now()) {
    Purge(after, end);
  } else {
    Put(m_, after);
  }
  return absl::OkStatus();
}

absl::Status Sweep::WriteNotice(const v1::Token& token, v1::Action action, absl::Time end) {
  LATCHKEY_RETURN_IF_ERROR(
      m_.AuthorizeItself(policy::Action::kTokenRevoke,
                         {std::string(WorkspaceIdOf(token.name())), token.name(), token.app()}));
  m_.WriteNotice(action, end);
  return absl::OkStatus();
}

void Sweep::Purge(const TokenRecord& record, absl::Time end) {
  const v1::Token& token = record.token();
  const std::string workspace(WorkspaceIdOf(token.name()));
  const absl::string_view id = LastId(token.name());
  m_.txn().Delete(*storage::TokenKeyOfName(token.name()));
  m_.txn().Delete(storage::SecretKey(record.secret_hash()));
  if (!record.previous_secret_hash().empty()) {
    m_.txn().Delete(storage::SecretKey(record.previous_secret_hash()));
  }
  m_.txn().Delete(storage::LastUseKey(token.name()));
  m_.txn().Delete(storage::DeadlineKey(FromProto(record.deadline_time()), token.name()));
  if (!token.app().empty()) {
    m_.txn().Delete(storage::AppTokenKey(workspace, LastId(token.app()), id));
  }
  if (!token.member().empty()) {
    m_.txn().Delete(storage::MemberTokenKey(workspace, LastId(token.member()), id));
  }
  ForgetSecrets(m_, record);
  v1::Summary& summary = purged_[workspace];
  if (summary.count() == 0 || end < FromProto(summary.first_time())) {
    *summary.mutable_first_time() = ToProto(end);
  }
  if (summary.count() == 0 || end > FromProto(summary.last_time())) {
    *summary.mutable_last_time() = ToProto(end);
  }
  summary.set_count(summary.count() + 1);
}

absl::Status Sweep::Finish() {
  for (const auto& [workspace, summary] : purged_) {
    LATCHKEY_RETURN_IF_ERROR(m_.AuthorizeItself(
        policy::Action::kTokenRevoke,
        {workspace, workspace.empty() ? "services" : WorkspaceName(workspace), ""}));
    m_.WriteSummary(v1::ACTION_TOKEN_PURGE, summary);
  }
  return absl::OkStatus();
}

}  // namespace latchkey
