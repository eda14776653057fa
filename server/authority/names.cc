#include "server/authority/names.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace latchkey {
namespace {

constexpr std::size_t kMaxIdSize = 63;
// The longest name there is: two ids of 63 and the words between them.
constexpr std::size_t kMaxNameSize = 192;

// Returns the ids of `name` where it is `collection`/id[/`child`/id], else nothing.
std::vector<std::string> Ids(absl::string_view name, absl::string_view collection,
                             absl::string_view child) {
  if (name.size() > kMaxNameSize) return {};
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != (child.empty() ? 2U : 4U)) return {};
  if (parts[0] != collection || !IsId(parts[1])) return {};
  if (child.empty()) return {std::string(parts[1])};
  if (parts[2] != child || !IsId(parts[3])) return {};
  return {std::string(parts[1]), std::string(parts[3])};
}

std::optional<std::string> One(absl::string_view name, absl::string_view collection) {
  std::vector<std::string> ids = Ids(name, collection, "");
  if (ids.empty()) return std::nullopt;
  return std::move(ids[0]);
}

std::optional<InWorkspace> Two(absl::string_view name, absl::string_view child) {
  std::vector<std::string> ids = Ids(name, "workspaces", child);
  if (ids.empty()) return std::nullopt;
  return InWorkspace{std::move(ids[0]), std::move(ids[1])};
}

}  // namespace

bool IsId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdSize) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsResourceName(absl::string_view name) {
  if (name == "workspaces" || name == "services" || name == "organizations") return true;
  if (name == "consumers" || ParseConsumer(name)) return true;
  if (ParseOrganization(name) || ParseOrganizationInstallation(name)) return true;
  if (ParseWorkspace(name) || ParseService(name) || ParseApp(name) || ParseToken(name)) return true;
  return ParseMember(name) || ParseInstallation(name) || ParseApprovalRequest(name) ||
         ParseBulkRevocation(name);
}

std::optional<std::string> ParseWorkspace(absl::string_view name) {
  return One(name, "workspaces");
}
std::optional<std::string> ParseService(absl::string_view name) { return One(name, "services"); }
std::optional<std::string> ParseApp(absl::string_view name) { return One(name, "apps"); }
std::optional<std::string> ParseOrganization(absl::string_view name) {
  return One(name, "organizations");
}
std::optional<std::string> ParseConsumer(absl::string_view name) { return One(name, "consumers"); }
std::optional<InOrganization> ParseOrganizationInstallation(absl::string_view name) {
  std::vector<std::string> ids = Ids(name, "organizations", "installations");
  if (ids.empty()) return std::nullopt;
  return InOrganization{std::move(ids[0]), std::move(ids[1])};
}
std::optional<InWorkspace> ParseMember(absl::string_view name) { return Two(name, "members"); }
std::optional<InWorkspace> ParseInstallation(absl::string_view name) {
  return Two(name, "installations");
}
std::optional<InWorkspace> ParseApprovalRequest(absl::string_view name) {
  return Two(name, "approvalRequests");
}
std::optional<InWorkspace> ParseBulkRevocation(absl::string_view name) {
  return Two(name, "bulkRevocations");
}

std::optional<TokenId> ParseToken(absl::string_view name) {
  if (std::optional<InWorkspace> token = Two(name, "tokens")) {
    return TokenId{{token->workspace, ""}, token->id};
  }
  const std::vector<std::string> ids = Ids(name, "services", "tokens");
  if (ids.empty()) return std::nullopt;
  return TokenId{{"", ids[0]}, ids[1]};
}

std::optional<TokenOwner> ParseTokenOwner(absl::string_view name) {
  if (std::optional<std::string> id = ParseWorkspace(name)) return TokenOwner{*id, ""};
  if (std::optional<std::string> id = ParseService(name)) return TokenOwner{"", *id};
  return std::nullopt;
}

std::string TokenName(const TokenOwner& owner, absl::string_view token) {
  return owner.service.empty() ? absl::StrCat("workspaces/", owner.workspace, "/tokens/", token)
                               : absl::StrCat("services/", owner.service, "/tokens/", token);
}

absl::string_view LastId(absl::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == absl::string_view::npos ? name : name.substr(slash + 1);
}

std::string MemberPart(absl::string_view workspace, absl::string_view member) {
  const absl::string_view home = WorkspaceIdOf(member);
  if (home == workspace) return std::string(LastId(member));
  return absl::StrCat(home, "/", LastId(member));
}

absl::string_view WorkspaceIdOf(absl::string_view name) {
  constexpr absl::string_view kPrefix = "workspaces/";
  if (!absl::StartsWith(name, kPrefix)) return "";
  const absl::string_view rest = name.substr(kPrefix.size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace latchkey
