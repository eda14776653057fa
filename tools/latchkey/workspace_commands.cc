#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/field_mask.pb.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct CreateArgs {
  std::string id;
  std::string display_name;
  v1::Plan plan = v1::PLAN_UNSPECIFIED;
  std::string organization;
  std::string primary_owner;
  std::optional<bool> app_approval;
  std::optional<bool> guest_apps;
};

void DeclareCreate(Syntax& syntax, CreateArgs& args) {
  syntax.Text("ID", "ID", args.id, "Its id: 1 to 63 of [a-z0-9-]");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.Enum("--plan", args.plan, "Its plan [free]");
  syntax.Name("--organization", NameKind::kOrganization, args.organization,
              "The organization it belongs to, on the plan enterprise_grid [none]");
  syntax.Text("--primary-owner", "ID", args.primary_owner, "Make this member, the primary owner");
  syntax.Switch("--app-approval", args.app_approval, "Whether apps must be approved [off]");
  syntax.Switch("--guest-apps", args.guest_apps, "Whether guests may use apps [off]");
}

absl::StatusOr<ExitCode> Create(Session& session, const CreateArgs& args) {
  v1::CreateWorkspaceRequest request;
  request.set_workspace_id(args.id);
  request.set_primary_owner_id(args.primary_owner);
  v1::Workspace& workspace = *request.mutable_workspace();
  workspace.set_display_name(args.display_name);
  workspace.set_plan(args.plan);
  workspace.set_organization(args.organization);
  workspace.mutable_settings()->set_app_approval_required(args.app_approval.value_or(false));
  workspace.mutable_settings()->set_guests_may_use_apps(args.guest_apps.value_or(false));
  return CallAndShow(session, std::move(request));
}

// Shows the workspace, and on standard error what it has beyond its plan.
template <typename Request>
absl::StatusOr<ExitCode> CallAndShowWorkspace(Session& session, Request request) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto response, session.Call(std::move(request)));
  LATCHKEY_ASSIGN_OR_RETURN(const ExitCode code, ShowFirstField(session, response));
  for (const v1::PlanExcess& excess : response.plan_excesses()) {
    session.io().err << "note: " << response.workspace().name() << " is over a limit of its plan ("
                     << excess.limit() << "). " << excess.message() << "\n";
  }
  return code;
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetWorkspaceRequest request;
  request.set_name(args.name);
  return CallAndShowWorkspace(session, std::move(request));
}

absl::StatusOr<ExitCode> List(Session& session, const Paging& paging) {
  return CallAndList(session, v1::ListWorkspacesRequest(), paging,
                     {{"NAME", "name"},
                      {"DISPLAY NAME", "display_name"},
                      {"PLAN", "plan"},
                      {"STATE", "state"},
                      {"ORGANIZATION", "organization"},
                      {"APP APPROVAL", "settings.app_approval_required"},
                      {"GUEST APPS", "settings.guests_may_use_apps"}});
}

struct UpdateArgs {
  std::string name;
  std::optional<std::string> display_name;
  v1::Plan plan = v1::PLAN_UNSPECIFIED;
  v1::WorkspaceState state = v1::WORKSPACE_STATE_UNSPECIFIED;
  std::optional<std::string> organization;
  std::optional<bool> app_approval;
  std::optional<bool> guest_apps;
  std::optional<std::string> access_token_life;
  std::optional<std::vector<std::string>> idle_limits;
  std::optional<std::vector<std::string>> expiry_warnings;
  std::uint64_t expected_revision = 0;
};

void DeclareUpdate(Syntax& syntax, UpdateArgs& args) {
  syntax.Name("NAME", NameKind::kWorkspace, args.name, "Which workspace");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.Enum("--plan", args.plan, "Its plan");
  syntax.Enum("--state", args.state, "Suspending it revokes all of its tokens");
  syntax.Text("--organization", "NAME", args.organization,
              "The organization it belongs to; \"\" takes it out of its own");
  syntax.Switch("--app-approval", args.app_approval, "Whether apps must be approved");
  syntax.Switch("--guest-apps", args.guest_apps, "Whether guests may use apps");
  syntax.Text("--access-token-life", "SPAN", args.access_token_life,
              "How long the access token of a rotating pair lives, such as 12h: 5m to 24h; \"\" is "
              "the plan's own");
  syntax.List(
      "--idle-limits", "KIND=SPAN,...", args.idle_limits,
      "After how long without use tokens are revoked, such as bot=60d,test=7d; replaces the "
      "whole list, and \"\" is the plan's own");
  syntax.List(
      "--expiry-warnings", "SPAN,...", args.expiry_warnings,
      "How long before a token expires warnings are left, such as 7d,1d; replaces the whole "
      "list, and \"\" is 7d,1d");
  syntax.Number("--expected-revision", args.expected_revision, "Only if it is at this revision");
}

absl::StatusOr<absl::Duration> ParseSpanOf(absl::string_view flag, const std::string& text) {
  const absl::StatusOr<absl::Duration> span = ParseTimeSpan(text);
  if (span.ok()) return span;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, " holds '", text, "'; it takes spans such as 7d"));
}

absl::Status AddIdleLimits(const std::vector<std::string>& texts, v1::Workspace& workspace) {
  for (const std::string& text : texts) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits('=', 1));
    v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
    if (!v1::TokenKind_Parse(absl::StrCat("TOKEN_KIND_", absl::AsciiStrToUpper(parts.first)),
                             &kind)) {
      return absl::InvalidArgumentError(absl::StrCat("--idle-limits holds '", text,
                                                     "'; it takes a kind of token and a span, "
                                                     "such as bot=60d"));
    }
    LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration span,
                              ParseSpanOf("--idle-limits", parts.second));
    v1::IdleLimit& limit = *workspace.mutable_settings()->add_idle_limits();
    limit.set_kind(kind);
    limit.mutable_limit()->set_seconds(absl::ToInt64Seconds(span));
  }
  return absl::OkStatus();
}

// Puts into the request when tokens end by themselves, and when that is warned of. What is given
// empty is named in the mask and left unset, which clears it.
absl::Status SetEnds(const UpdateArgs& args, v1::UpdateWorkspaceRequest& request) {
  v1::Workspace& workspace = *request.mutable_workspace();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  if (args.access_token_life.has_value()) {
    mask.add_paths("settings.access_token_life");
    if (!args.access_token_life->empty()) {
      LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration life,
                                ParseSpanOf("--access-token-life", *args.access_token_life));
      workspace.mutable_settings()->mutable_access_token_life()->set_seconds(
          absl::ToInt64Seconds(life));
    }
  }
  if (args.idle_limits.has_value()) {
    mask.add_paths("settings.idle_limits");
    LATCHKEY_RETURN_IF_ERROR(AddIdleLimits(*args.idle_limits, workspace));
  }
  if (!args.expiry_warnings.has_value()) return absl::OkStatus();
  mask.add_paths("settings.expiry_warnings");
  for (const std::string& text : *args.expiry_warnings) {
    LATCHKEY_ASSIGN_OR_RETURN(const absl::Duration span, ParseSpanOf("--expiry-warnings", text));
    workspace.mutable_settings()->add_expiry_warnings()->set_seconds(absl::ToInt64Seconds(span));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Update(Session& session, const UpdateArgs& args) {
  v1::UpdateWorkspaceRequest request;
  request.set_expected_revision(args.expected_revision);
  v1::Workspace& workspace = *request.mutable_workspace();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  workspace.set_name(args.name);
  if (args.display_name.has_value()) {
    workspace.set_display_name(*args.display_name);
    mask.add_paths("display_name");
  }
  if (args.plan != v1::PLAN_UNSPECIFIED) {
    workspace.set_plan(args.plan);
    mask.add_paths("plan");
  }
  if (args.state != v1::WORKSPACE_STATE_UNSPECIFIED) {
    workspace.set_state(args.state);
    mask.add_paths("state");
  }
  if (args.organization.has_value()) {
    if (!args.organization->empty()) {
      LATCHKEY_ASSIGN_OR_RETURN(*workspace.mutable_organization(),
                                FullName(NameKind::kOrganization, *args.organization));
    }
    mask.add_paths("organization");
  }
  if (args.app_approval.has_value()) {
    workspace.mutable_settings()->set_app_approval_required(*args.app_approval);
    mask.add_paths("settings.app_approval_required");
  }
  if (args.guest_apps.has_value()) {
    workspace.mutable_settings()->set_guests_may_use_apps(*args.guest_apps);
    mask.add_paths("settings.guests_may_use_apps");
  }
  LATCHKEY_RETURN_IF_ERROR(SetEnds(args, request));
  if (mask.paths().empty()) return NothingToUpdate();
  return CallAndShowWorkspace(session, std::move(request));
}

}  // namespace

std::vector<Command> WorkspaceCommands() {
  return {
      MakeChange("workspace", "create", "Make a workspace", DeclareCreate, Create),
      MakeCommand("workspace", "get", "Show a workspace", DeclareName<NameKind::kWorkspace>, Get),
      MakeCommand("workspace", "list", "List workspaces", DeclarePaging, List),
      MakeChange("workspace", "update", "Change a workspace", DeclareUpdate, Update),
  };
}

}  // namespace latchkey::cli
