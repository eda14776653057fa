#ifndef LATCHKEY_SERVER_AUTHORITY_ORGANIZATIONS_H_
#define LATCHKEY_SERVER_AUTHORITY_ORGANIZATIONS_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "server/authority/mutation.h"
#include "server/policy/policy.h"
#include "storage/reader.h"

namespace latchkey {

// What an organization is to its workspaces.

// The form of its name.
inline constexpr char kOrganizationForm[] = "organizations/{id}";

// Returns the organization that `workspace` belongs to; nothing where it belongs to none.
absl::StatusOr<storage::Found<storage::v1::OrganizationRecord>> OrganizationOf(
    const storage::Reader& reader, const v1::Workspace& workspace);

// Returns the settings that hold in a workspace: its own, tightened by its organization's.
v1::WorkspaceSettings Tightened(const v1::WorkspaceSettings& own,
                                const v1::OrganizationSettings& forced);

// The same for a workspace whose organization was not read.
absl::StatusOr<v1::WorkspaceSettings> EffectiveSettings(const storage::Reader& reader,
                                                        const v1::Workspace& workspace);

// Returns what `organization` lists `member` as, an owner before an admin. Whether the member
// belongs to it is the caller's to judge.
policy::OrgRole ListedAs(const v1::Organization& organization, absl::string_view member);

// Whether `workspace`, as it is about to be written, may be where it says it belongs.
// NOT_FOUND: there is no such organization. FAILED_PRECONDITION: PLAN_LIMIT.
absl::Status CheckBelonging(const Mutation& m, const v1::Workspace& workspace);

// FAILED_PRECONDITION (STATE_CONFLICT) where a setting of `workspace` that `changed` names is
// looser than its organization lets it be.
absl::Status CheckNotLoosened(const Mutation& m, const v1::Workspace& workspace,
                              absl::FunctionRef<bool(absl::string_view setting)> changed);

// Keeps the index of an organization's workspaces when a workspace goes from one to another; either
// may be "".
void MoveWorkspace(Mutation& m, absl::string_view workspace, absl::string_view from,
                   absl::string_view to);

// Ends, in `workspace`, the tokens of every app that `organization` restricts.
absl::Status EndTokensOfRestricted(Mutation& m, const std::string& workspace,
                                   absl::string_view organization);

// ApproveApp and RestrictApp for every workspace of an organization.
absl::StatusOr<v1::ApproveAppResponse> ApproveInOrganization(Mutation& m,
                                                             const v1::ApproveAppRequest& request);
absl::StatusOr<v1::RestrictAppResponse> RestrictInOrganization(
    Mutation& m, const v1::RestrictAppRequest& request);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_ORGANIZATIONS_H_
