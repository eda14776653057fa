#include "google/protobuf/field_mask.pb.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

struct CreateArgs {
  std::string name;
  std::string display_name;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  bool can_manage_apps = false;
};

void DeclareCreate(Syntax& syntax, CreateArgs& args) {
  syntax.Name("NAME", NameKind::kMember, args.name, "WORKSPACE/ID, such as acme/ann");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.Enum("--role", args.role, "The role in the workspace [member]");
  syntax.Flag("--can-manage-apps", args.can_manage_apps, "May manage apps, whatever the role");
}

absl::StatusOr<ExitCode> Create(Session& session, const CreateArgs& args) {
  const auto [parent, id] = SplitName(args.name);
  v1::CreateMemberRequest request;
  request.set_parent(parent);
  request.set_member_id(id);
  v1::Member& member = *request.mutable_member();
  member.set_display_name(args.display_name);
  member.set_role(args.role);
  member.set_can_manage_apps(args.can_manage_apps);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetMemberRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> List(Session& session, const ListArgs& args) {
  v1::ListMembersRequest request;
  request.set_parent(args.parent);
  return CallAndList(session, std::move(request), args.paging,
                     {{"NAME", "name"},
                      {"DISPLAY NAME", "display_name"},
                      {"ROLE", "role"},
                      {"MANAGES APPS", "can_manage_apps"},
                      {"STATE", "state"}});
}

struct UpdateArgs {
  std::string name;
  std::optional<std::string> display_name;
  v1::Role role = v1::ROLE_UNSPECIFIED;
  std::optional<bool> can_manage_apps;
  std::uint64_t expected_revision = 0;
};

void DeclareUpdate(Syntax& syntax, UpdateArgs& args) {
  syntax.Name("NAME", NameKind::kMember, args.name, "Which member");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.Enum("--role", args.role, "The role in the workspace");
  syntax.Switch("--can-manage-apps", args.can_manage_apps, "Whether to manage apps");
  syntax.Number("--expected-revision", args.expected_revision, "Only if it is at this revision");
}

absl::StatusOr<ExitCode> Update(Session& session, const UpdateArgs& args) {
  v1::UpdateMemberRequest request;
  request.set_expected_revision(args.expected_revision);
  v1::Member& member = *request.mutable_member();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  member.set_name(args.name);
  if (args.display_name.has_value()) {
    member.set_display_name(*args.display_name);
    mask.add_paths("display_name");
  }
  if (args.role != v1::ROLE_UNSPECIFIED) {
    member.set_role(args.role);
    mask.add_paths("role");
  }
  if (args.can_manage_apps.has_value()) {
    member.set_can_manage_apps(*args.can_manage_apps);
    mask.add_paths("can_manage_apps");
  }
  if (mask.paths().empty()) return NothingToUpdate();
  return CallAndShow(session, std::move(request));
}

struct DeactivateArgs {
  std::string name;
  std::string reason;
};

void DeclareDeactivate(Syntax& syntax, DeactivateArgs& args) {
  syntax.Name("NAME", NameKind::kMember, args.name, "Which member");
  syntax.Text("--reason", "TEXT", args.reason, "Why, for the audit log");
}

absl::StatusOr<ExitCode> Deactivate(Session& session, const DeactivateArgs& args) {
  v1::DeactivateMemberRequest request;
  request.set_name(args.name);
  request.set_reason(args.reason);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> Reactivate(Session& session, const NameArgs& args) {
  v1::UpdateMemberRequest request;
  request.mutable_member()->set_name(args.name);
  request.mutable_member()->set_state(v1::MEMBER_STATE_ACTIVE);
  request.mutable_update_mask()->add_paths("state");
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> MemberCommands() {
  constexpr NameKind kKind = NameKind::kMember;
  return {
      MakeChange("member", "create", "Add a member", DeclareCreate, Create),
      MakeCommand("member", "get", "Show a member", DeclareName<kKind>, Get),
      MakeCommand("member", "list", "List a workspace's members", DeclareWorkspaceList, List),
      MakeChange("member", "update", "Change a member", DeclareUpdate, Update),
      MakeChange("member", "deactivate", "Deactivate a member, and revoke what speaks for them",
                 DeclareDeactivate, Deactivate),
      MakeChange("member", "reactivate", "Let a deactivated member act again", DeclareName<kKind>,
                 Reactivate),
  };
}

}  // namespace latchkey::cli
