#ifndef LATCHKEY_SERVER_AUTHORITY_NAMES_H_
#define LATCHKEY_SERVER_AUTHORITY_NAMES_H_

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace latchkey {

// Resource names (AIP-122): made, and taken apart. A parse answers nullopt for whatever is not
// exactly of the form, with every id 1 to 63 of [a-z0-9-].

// Returns whether `id` is 1 to 63 of [a-z0-9-].
bool IsId(absl::string_view id);

// A resource that lies in a workspace.
struct InWorkspace {
  std::string workspace;
  std::string id;
};

inline std::string WorkspaceName(absl::string_view workspace) {
  return absl::StrCat("workspaces/", workspace);
}
inline std::string MemberName(absl::string_view workspace, absl::string_view member) {
  return absl::StrCat("workspaces/", workspace, "/members/", member);
}
inline std::string ServiceName(absl::string_view service) {
  return absl::StrCat("services/", service);
}
inline std::string OrganizationName(absl::string_view organization) {
  return absl::StrCat("organizations/", organization);
}
inline std::string OrganizationInstallationName(absl::string_view organization,
                                                absl::string_view app) {
  return absl::StrCat("organizations/", organization, "/installations/", app);
}
inline std::string AppName(absl::string_view app) { return absl::StrCat("apps/", app); }
inline std::string InstallationName(absl::string_view workspace, absl::string_view app) {
  return absl::StrCat("workspaces/", workspace, "/installations/", app);
}
inline std::string ApprovalRequestName(absl::string_view workspace, absl::string_view request) {
  return absl::StrCat("workspaces/", workspace, "/approvalRequests/", request);
}

inline std::string BulkRevocationName(absl::string_view workspace, absl::string_view id) {
  return absl::StrCat("workspaces/", workspace, "/bulkRevocations/", id);
}

inline std::string ConsumerName(absl::string_view consumer) {
  return absl::StrCat("consumers/", consumer);
}

std::optional<std::string> ParseConsumer(absl::string_view name);
std::optional<std::string> ParseWorkspace(absl::string_view name);
std::optional<std::string> ParseService(absl::string_view name);
std::optional<std::string> ParseApp(absl::string_view name);
std::optional<std::string> ParseOrganization(absl::string_view name);
std::optional<InWorkspace> ParseMember(absl::string_view name);
std::optional<InWorkspace> ParseInstallation(absl::string_view name);
std::optional<InWorkspace> ParseApprovalRequest(absl::string_view name);
std::optional<InWorkspace> ParseBulkRevocation(absl::string_view name);

// A resource that lies in an organization.
struct InOrganization {
  std::string organization;
  std::string id;
};
std::optional<InOrganization> ParseOrganizationInstallation(absl::string_view name);

// Returns whether `name` is of the form of any resource's name, or a collection's.
bool IsResourceName(absl::string_view name);

// Who owns a token: exactly one of the two is set.
struct TokenOwner {
  std::string workspace;
  std::string service;
};

// A token's name, taken apart.
struct TokenId {
  TokenOwner owner;
  std::string id;
};

std::optional<TokenId> ParseToken(absl::string_view name);
// Parses "workspaces/w" or "services/s".
std::optional<TokenOwner> ParseTokenOwner(absl::string_view name);
std::string TokenName(const TokenOwner& owner, absl::string_view token);

// Returns the last part of a name: "ann" of "workspaces/acme/members/ann".
absl::string_view LastId(absl::string_view name);
// Returns what stands for `member`, a name, in the keys of `workspace`: the id, or "workspace/id"
// of a member of another one.
std::string MemberPart(absl::string_view workspace, absl::string_view member);
// Returns the workspace's id of "workspaces/acme/...", or "" where the name is of no workspace.
absl::string_view WorkspaceIdOf(absl::string_view name);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_NAMES_H_
