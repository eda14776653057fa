#include "google/protobuf/field_mask.pb.h"
#include "tools/latchkey/commands.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

// Members by name, short or full, into a field of the contract.
template <typename Names>
absl::Status AddMembers(const std::vector<std::string>& members, Names& names) {
  for (const std::string& member : members) {
    LATCHKEY_ASSIGN_OR_RETURN(*names.Add(), FullName(NameKind::kMember, member));
  }
  return absl::OkStatus();
}

struct CreateArgs {
  std::string id;
  std::string display_name;
  std::vector<std::string> owners;
  std::vector<std::string> admins;
  std::optional<bool> app_approval;
  std::optional<bool> guest_apps;
};

void DeclareCreate(Syntax& syntax, CreateArgs& args) {
  syntax.Text("ID", "ID", args.id, "Its id: 1 to 63 of [a-z0-9-]");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.List("--owners", "MEMBER,...", args.owners, "Members who own it, such as acme/ann");
  syntax.List("--admins", "MEMBER,...", args.admins, "Members who administer it");
  syntax.Switch("--app-approval", args.app_approval,
                "Whether apps must be approved in all its workspaces [off]");
  syntax.Switch("--guest-apps", args.guest_apps,
                "Whether its workspaces may let guests use apps [off]");
}

absl::StatusOr<ExitCode> Create(Session& session, const CreateArgs& args) {
  v1::CreateOrganizationRequest request;
  request.set_organization_id(args.id);
  v1::Organization& organization = *request.mutable_organization();
  organization.set_display_name(args.display_name);
  LATCHKEY_RETURN_IF_ERROR(AddMembers(args.owners, *organization.mutable_owners()));
  LATCHKEY_RETURN_IF_ERROR(AddMembers(args.admins, *organization.mutable_admins()));
  organization.mutable_settings()->set_app_approval_required(args.app_approval.value_or(false));
  organization.mutable_settings()->set_guests_may_use_apps(args.guest_apps.value_or(false));
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> Get(Session& session, const NameArgs& args) {
  v1::GetOrganizationRequest request;
  request.set_name(args.name);
  return CallAndShow(session, std::move(request));
}

absl::StatusOr<ExitCode> List(Session& session, const Paging& paging) {
  return CallAndList(session, v1::ListOrganizationsRequest(), paging,
                     {{"NAME", "name"},
                      {"DISPLAY NAME", "display_name"},
                      {"OWNERS", "owners"},
                      {"ADMINS", "admins"},
                      {"APP APPROVAL", "settings.app_approval_required"},
                      {"GUEST APPS", "settings.guests_may_use_apps"}});
}

struct UpdateArgs {
  std::string name;
  std::optional<std::string> display_name;
  std::optional<std::vector<std::string>> owners;
  std::optional<std::vector<std::string>> admins;
  std::optional<bool> app_approval;
  std::optional<bool> guest_apps;
  std::uint64_t expected_revision = 0;
};

void DeclareUpdate(Syntax& syntax, UpdateArgs& args) {
  syntax.Name("NAME", NameKind::kOrganization, args.name, "Which organization");
  syntax.Text("--display-name", "TEXT", args.display_name, "For people");
  syntax.List("--owners", "MEMBER,...", args.owners, "All who own it from now on");
  syntax.List("--admins", "MEMBER,...", args.admins, "All who administer it from now on");
  syntax.Switch("--app-approval", args.app_approval,
                "Whether apps must be approved in all its workspaces");
  syntax.Switch("--guest-apps", args.guest_apps, "Whether its workspaces may let guests use apps");
  syntax.Number("--expected-revision", args.expected_revision, "Only if it is at this revision");
}

absl::StatusOr<ExitCode> Update(Session& session, const UpdateArgs& args) {
  v1::UpdateOrganizationRequest request;
  request.set_expected_revision(args.expected_revision);
  v1::Organization& organization = *request.mutable_organization();
  google::protobuf::FieldMask& mask = *request.mutable_update_mask();
  organization.set_name(args.name);
  if (args.display_name.has_value()) {
    organization.set_display_name(*args.display_name);
    mask.add_paths("display_name");
  }
  if (args.owners.has_value()) {
    LATCHKEY_RETURN_IF_ERROR(AddMembers(*args.owners, *organization.mutable_owners()));
    mask.add_paths("owners");
  }
  if (args.admins.has_value()) {
    LATCHKEY_RETURN_IF_ERROR(AddMembers(*args.admins, *organization.mutable_admins()));
    mask.add_paths("admins");
  }
  if (args.app_approval.has_value()) {
    organization.mutable_settings()->set_app_approval_required(*args.app_approval);
    mask.add_paths("settings.app_approval_required");
  }
  if (args.guest_apps.has_value()) {
    organization.mutable_settings()->set_guests_may_use_apps(*args.guest_apps);
    mask.add_paths("settings.guests_may_use_apps");
  }
  if (mask.paths().empty()) return NothingToUpdate();
  return CallAndShow(session, std::move(request));
}

}  // namespace

std::vector<Command> OrganizationCommands() {
  return {
      MakeChange("organization", "create", "Make an organization", DeclareCreate, Create),
      MakeCommand("organization", "get", "Show an organization",
                  DeclareName<NameKind::kOrganization>, Get),
      MakeCommand("organization", "list", "List organizations", DeclarePaging, List),
      MakeChange("organization", "update", "Change an organization", DeclareUpdate, Update),
  };
}

}  // namespace latchkey::cli
