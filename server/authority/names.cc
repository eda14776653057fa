#include "server/authority/names.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace latchkey {
namespace {

constexpr std::size_t kMaxIdSize = 63;

// The ids of a name that has one or two.
struct IdsOfName {
  absl::string_view first;
  absl::string_view second;
};

// Takes "`collection`/id" off the front of `rest`. Returns the id; "" where that is not there.
absl::string_view TakeId(absl::string_view collection, absl::string_view& rest) {
  if (!absl::ConsumePrefix(&rest, collection) || !absl::ConsumePrefix(&rest, "/")) return "";
  const absl::string_view id = rest.substr(0, rest.find('/'));
  rest.remove_prefix(id.size());
  return IsId(id) ? id : "";
}

// Returns the ids of `name` where it is `collection`/id[/`child`/id], else nothing.
std::optional<IdsOfName> Ids(absl::string_view name, absl::string_view collection,
                             absl::string_view child) {
  IdsOfName ids;
  ids.first = TakeId(collection, name);
  if (ids.first.empty()) return std::nullopt;
  if (!child.empty()) {
    if (!absl::ConsumePrefix(&name, "/")) return std::nullopt;
    ids.second = TakeId(child, name);
    if (ids.second.empty()) return std::nullopt;
  }
  if (!name.empty()) return std::nullopt;
  return ids;
}

std::optional<std::string> One(absl::string_view name, absl::string_view collection) {
  const std::optional<IdsOfName> ids = Ids(name, collection, "");
  if (!ids.has_value()) return std::nullopt;
  return std::string(ids->first);
}

std::optional<InWorkspace> Two(absl::string_view name, absl::string_view child) {
  const std::optional<IdsOfName> ids = Ids(name, "workspaces", child);
  if (!ids.has_value()) return std::nullopt;
  return InWorkspace{std::string(ids->first), std::string(ids->second)};
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
  const std::optional<IdsOfName> ids = Ids(name, "organizations", "installations");
  if (!ids.has_value()) return std::nullopt;
  return InOrganization{std::string(ids->first), std::string(ids->second)};
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
    return TokenId{{std::move(token->workspace), ""}, std::move(token->id)};
  }
  const std::optional<IdsOfName> ids = Ids(name, "services", "tokens");
  if (!ids.has_value()) return std::nullopt;
  return TokenId{{"", std::string(ids->first)}, std::string(ids->second)};
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
