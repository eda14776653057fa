#include <csignal>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "tools/latchkey/bulk_follow.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"
#include "tools/latchkey/settings.h"

namespace latchkey::cli {
namespace {

struct BulkArgs {
  std::string workspace;
  std::string app;
  std::string member;
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  std::optional<std::string> label;
  std::optional<std::string> issued_before;
  std::optional<std::string> confirm;
  bool all = false;
  bool yes = false;
  bool wait = false;
  std::string reason;
};

void DeclareBulk(Syntax& syntax, BulkArgs& args) {
  syntax.Name("WORKSPACE", NameKind::kWorkspace, args.workspace, "Of which workspace");
  syntax.Name("--app", NameKind::kApp, args.app, "Only those of this app");
  syntax.Name("--member", NameKind::kMember, args.member, "Only those that speak for this member");
  syntax.Enum("--kind", args.kind, "Only those of this kind");
  syntax.Text("--label", "TEXT", args.label, "Only those with this label");
  syntax.Text("--issued-before", "TIME", args.issued_before,
              "Only older ones: than 2030-01-31T12:00:00Z, or than a time span such as 90d");
  syntax.Flag("--all", args.all, "Every token of the workspace, where nothing else narrows");
  syntax.Text("--confirm", "VALUE", args.confirm, "Run what the preview with this value showed");
  syntax.Flag("--yes", args.yes, "Preview and run at once");
  syntax.Flag("--wait", args.wait, "Follow the run until all have ended");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log");
}

absl::StatusOr<absl::Time> ParseBefore(const std::string& text, absl::Time now) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  const absl::StatusOr<absl::Duration> span = ParseTimeSpan(text);
  // A run gives the time that its preview named, which has whole seconds.
  if (span.ok()) return absl::FromUnixSeconds(absl::ToUnixSeconds(now - *span));
  return absl::InvalidArgumentError(
      absl::StrCat("--issued-before is '", text,
                   "'; it takes 2030-01-31T12:00:00Z, or a time span such as 90d"));
}

absl::StatusOr<v1::BulkRevokeTokensRequest> MakeRequest(Session& session, const BulkArgs& args) {
  v1::BulkRevokeTokensRequest request;
  request.set_parent(args.workspace);
  request.set_app(args.app);
  request.set_member(args.member);
  request.set_kind(args.kind);
  if (args.label.has_value() && args.label->empty()) {
    return absl::InvalidArgumentError(
        "--label is empty, which is any label; leave it out for that");
  }
  request.set_label(args.label.value_or(""));
  request.set_all(args.all);
  if (args.issued_before.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(const absl::Time before,
                              ParseBefore(*args.issued_before, session.io().clock.Now()));
    const std::int64_t seconds = absl::ToUnixSeconds(before);
    request.mutable_issued_before()->set_seconds(seconds);
    request.mutable_issued_before()->set_nanos(static_cast<std::int32_t>(
        absl::ToInt64Nanoseconds(before - absl::FromUnixSeconds(seconds))));
  }
  request.set_reason(args.reason);
  return request;
}

// A word as a shell takes it.
std::string Quoted(const std::string& word) {
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

// The command line that runs what a preview showed.
std::string RunLine(const v1::BulkRevokeTokensRequest& request, const std::string& confirmation) {
  std::string line = absl::StrCat("latchkey token bulk-revoke ", ShortName(request.parent()));
  if (request.all()) absl::StrAppend(&line, " --all");
  if (!request.app().empty()) absl::StrAppend(&line, " --app ", ShortName(request.app()));
  if (!request.member().empty()) absl::StrAppend(&line, " --member ", ShortName(request.member()));
  if (request.kind() != v1::TOKEN_KIND_UNSPECIFIED) {
    absl::StrAppend(&line, " --kind ", FieldText(request, "kind"));
  }
  if (!request.label().empty()) absl::StrAppend(&line, " --label ", Quoted(request.label()));
  if (request.has_issued_before()) {
    const absl::Time before = absl::FromUnixSeconds(request.issued_before().seconds()) +
                              absl::Nanoseconds(request.issued_before().nanos());
    absl::StrAppend(&line, " --issued-before ",
                    absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", before, absl::UTCTimeZone()));
  }
  if (!request.reason().empty()) absl::StrAppend(&line, " --reason ", Quoted(request.reason()));
  return absl::StrCat(line, " --confirm ", confirmation);
}

absl::StatusOr<ExitCode> ShowPreview(Session& session, const v1::BulkRevokeTokensRequest& request,
                                     const v1::BulkRevokeTokensResponse& preview) {
  const std::vector<Column> columns = {{"NAME", "name"},
                                       {"KIND", "kind"},
                                       {"APP", "app"},
                                       {"MEMBER", "member"},
                                       {"LABEL", "label"},
                                       {"CREATED", "create_time"},
                                       {"USED IN HOUR OF", "last_use_time"}};
  if (session.json()) return ShowList(session, preview, columns);
  std::ostream& out = session.io().out;
  out << preview.count() << (preview.count() == 1 ? " token matches" : " tokens match");
  if (preview.samples_size() > 0) {
    out << (static_cast<std::uint64_t>(preview.samples_size()) < preview.count() ? "; the first:\n"
                                                                                 : ":\n");
    LATCHKEY_RETURN_IF_ERROR(ShowList(session, preview, columns).status());
  } else {
    out << ".\n";
  }
  out << "Nothing was changed.";
  if (preview.count() > 0) {
    out << " Within 15 minutes this ends them:\n  "
        << EscapeForTerminal(RunLine(request, preview.confirmation()));
  }
  out << '\n';
  return FinishOutput(session);
}

absl::StatusOr<ExitCode> ShowRun(Session& session, const v1::BulkRevokeTokensResponse& response) {
  if (response.has_bulk_revocation()) {
    return ShowResource(session, response, response.bulk_revocation());
  }
  return ShowSentence(session, response,
                      absl::StrCat("Ended in one write, at revision ", response.revision(), ": ",
                                   response.count(), " at the preview, and what came since."));
}

absl::StatusOr<ExitCode> BulkRevoke(Session& session, const BulkArgs& args) {
  if (args.confirm.has_value() && args.confirm->empty()) {
    return absl::InvalidArgumentError(
        "--confirm is empty; it takes the value that the preview showed, or is left out for one");
  }
  if (args.yes && args.confirm.has_value()) {
    return absl::InvalidArgumentError("--yes and --confirm exclude each other");
  }
  LATCHKEY_ASSIGN_OR_RETURN(v1::BulkRevokeTokensRequest request, MakeRequest(session, args));
  request.set_confirmation(args.confirm.value_or(""));
  if (!args.confirm.has_value()) {
    request.set_preview(true);
    LATCHKEY_ASSIGN_OR_RETURN(const auto preview, session.CallWithoutRequestId(request));
    if (!args.yes) return ShowPreview(session, request, preview);
    request.set_preview(false);
    request.set_confirmation(preview.confirmation());
  }
  LATCHKEY_ASSIGN_OR_RETURN(v1::BulkRevokeTokensResponse response,
                            session.Call(std::move(request)));
  if (!args.wait || !response.has_bulk_revocation()) return ShowRun(session, response);
  LATCHKEY_ASSIGN_OR_RETURN(const Client* const client, session.client());
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_bulk_revocation(),
                            FollowBulkRevocation(session, *client, response));
  LATCHKEY_RETURN_IF_ERROR(ShowRun(session, response).status());
  if (response.bulk_revocation().state() == v1::BULK_REVOCATION_STATE_DONE) return ExitCode::kOk;
  if (session.io().stop.signal_number() == SIGINT) return ExitCode::kInterrupted;
  return ExitCode::kFailed;
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetBulkRevocationRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

struct ListBulkArgs {
  ListArgs list;
  v1::BulkRevocationState state = v1::BULK_REVOCATION_STATE_UNSPECIFIED;
};

void DeclareList(Syntax& syntax, ListBulkArgs& args) {
  DeclareWorkspaceList(syntax, args.list);
  syntax.Enum("--state", args.state, "Only those in this state");
}

absl::StatusOr<ExitCode> List(Session& session, const ListBulkArgs& args) {
  v1::ListBulkRevocationsRequest request;
  request.set_parent(args.list.parent);
  request.set_state(args.state);
  return CallAndList(session, std::move(request), args.list.paging,
                     {{"NAME", "name"},
                      {"STATE", "state"},
                      {"ENDED", "revoked_count"},
                      {"OF", "expected_count"},
                      {"STARTED BY", "creator"},
                      {"STARTED", "create_time"},
                      {"OVER", "end_time"},
                      {"REASON", "reason"}});
}

struct CancelArgs {
  std::string name;
  std::string reason;
};

void DeclareCancel(Syntax& syntax, CancelArgs& args) {
  syntax.Name("NAME", NameKind::kBulkRevocation, args.name, "Which one: WORKSPACE/ID or in full");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log");
}

absl::StatusOr<ExitCode> Cancel(Session& session, const CancelArgs& args) {
  v1::CancelBulkRevocationRequest request;
  request.set_name(args.name);
  request.set_reason(args.reason);
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> BulkCommands() {
  return {
      MakeChange("token", "bulk-revoke",
                 "Show which tokens a filter selects, and with --confirm end them", DeclareBulk,
                 BulkRevoke),
      MakeCommand("token", "bulk-status", "Show how far a bulk revocation is",
                  DeclareName<NameKind::kBulkRevocation>, Get),
      MakeCommand("token", "bulk-list", "List a workspace's bulk revocations, newest first",
                  DeclareList, List),
      MakeChange("token", "bulk-cancel", "Stop a bulk revocation; what it ended stays so",
                 DeclareCancel, Cancel),
  };
}

}  // namespace latchkey::cli
