#include "tools/latchkey/resource_name.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace latchkey::cli {
namespace {

using Parts = std::vector<std::string>;

// The patterns of full names; '*' stands for an id. A short name fills the first pattern.
struct Kind {
  NameKind kind;
  absl::string_view what;
  std::vector<absl::string_view> patterns;
};

const std::vector<Kind>& Kinds() {
  static const auto& kinds = *new std::vector<Kind>{
      {NameKind::kOrganization, "an organization", {"organizations/*"}},
      {NameKind::kWorkspace, "a workspace", {"workspaces/*"}},
      {NameKind::kMember, "a member", {"workspaces/*/members/*"}},
      {NameKind::kService, "a service", {"services/*"}},
      {NameKind::kApp, "an app", {"apps/*"}},
      {NameKind::kInstallation,
       "an installation",
       {"workspaces/*/installations/*", "organizations/*/installations/*"}},
      {NameKind::kDecider, "a workspace or organization", {"workspaces/*", "organizations/*"}},
      {NameKind::kRequest, "an approval request", {"workspaces/*/approvalRequests/*"}},
      {NameKind::kToken, "a token", {"workspaces/*/tokens/*", "services/*/tokens/*"}},
      {NameKind::kBulkRevocation, "a bulk revocation", {"workspaces/*/bulkRevocations/*"}},
      {NameKind::kConsumer, "a consumer", {"consumers/*"}},
      {NameKind::kTokenParent, "a workspace or service", {"workspaces/*", "services/*"}},
      {NameKind::kPrincipal,
       "a principal",
       {"workspaces/*/members/*", "services/*", "operator", "latchkey", "bearer", "anonymous"}},
  };
  return kinds;
}

const Kind& Find(NameKind wanted) {
  return *std::find_if(Kinds().begin(), Kinds().end(),
                       [wanted](const Kind& kind) { return kind.kind == wanted; });
}

bool Fits(absl::string_view pattern, const Parts& parts) {
  const Parts wanted = absl::StrSplit(pattern, '/');
  return std::equal(wanted.begin(), wanted.end(), parts.begin(), parts.end(),
                    [](const std::string& want, const std::string& part) {
                      return want == "*" ? !part.empty() : want == part;
                    });
}

// Puts the ids of a short name into a pattern; "" where their number differs.
std::string Fill(absl::string_view pattern, const Parts& ids) {
  Parts parts = absl::StrSplit(pattern, '/');
  std::size_t next = 0;
  for (std::string& part : parts) {
    if (part != "*") continue;
    if (next == ids.size() || ids[next].empty()) return "";
    part = ids[next++];
  }
  return next == ids.size() ? absl::StrJoin(parts, "/") : "";
}

bool IsFullName(const Parts& parts) {
  return std::any_of(Kinds().begin(), Kinds().end(), [&](const Kind& kind) {
    return std::any_of(kind.patterns.begin(), kind.patterns.end(),
                       [&](absl::string_view pattern) { return Fits(pattern, parts); });
  });
}

// What short names mean where an action is about something: of one id and of two.
struct ShortForms {
  std::optional<NameKind> one;
  std::optional<NameKind> two;
};

ShortForms FormsOfNoun(absl::string_view noun) {
  if (noun == "app") return {NameKind::kApp, std::nullopt};
  if (noun == "organization") return {NameKind::kOrganization, std::nullopt};
  if (noun == "service") return {NameKind::kService, std::nullopt};
  if (noun == "member") return {NameKind::kWorkspace, NameKind::kMember};
  if (noun == "request") return {NameKind::kWorkspace, NameKind::kRequest};
  if (noun == "token") return {std::nullopt, NameKind::kToken};
  return {NameKind::kWorkspace, std::nullopt};
}

// As CheckPermission takes them; `in_workspace` where the workspace is said beside.
ShortForms FormsOf(v1::Action action, bool in_workspace) {
  switch (action) {
    case v1::ACTION_APP_CREATE:
      return {NameKind::kWorkspace, std::nullopt};
    case v1::ACTION_APP_INSTALL:
    case v1::ACTION_APP_REINSTALL:
    case v1::ACTION_APP_UNINSTALL:
    case v1::ACTION_APP_APPROVE:
    case v1::ACTION_APP_RESTRICT:
      return {NameKind::kApp, NameKind::kInstallation};
    case v1::ACTION_TOKEN_ISSUE:
      return {in_workspace ? NameKind::kApp : NameKind::kWorkspace, std::nullopt};
    case v1::ACTION_TOKEN_READ:
    case v1::ACTION_TOKEN_BULK_REVOKE:
      return {NameKind::kWorkspace, NameKind::kToken};
    case v1::ACTION_TOKEN_BULK_CANCEL:
      return {std::nullopt, NameKind::kBulkRevocation};
    case v1::ACTION_POLICY_CHECK:
      return {std::nullopt, NameKind::kPrincipal};
    default:
      // ACTION_TOKEN_REVOKE is about a token.
      const Parts words = absl::StrSplit(v1::Action_Name(action), '_');
      return FormsOfNoun(absl::AsciiStrToLower(words[1]));
  }
}

}  // namespace

absl::StatusOr<std::string> FullName(NameKind kind, absl::string_view text) {
  const Kind& wanted = Find(kind);
  const Parts parts = absl::StrSplit(text, '/');
  for (const absl::string_view pattern : wanted.patterns) {
    if (Fits(pattern, parts)) return std::string(text);
  }
  const std::string filled = Fill(wanted.patterns[0], parts);
  if (!filled.empty()) return filled;
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' does not name ", wanted.what, "; in full that is ",
      absl::StrJoin(wanted.patterns, " or "), ", in short ", ShortName(wanted.patterns[0])));
}

absl::StatusOr<std::string> FullResourceName(v1::Action action, absl::string_view text,
                                             absl::string_view workspace) {
  const Parts parts = absl::StrSplit(text, '/');
  if (text.empty() || IsFullName(parts)) return std::string(text);
  const ShortForms forms = FormsOf(action, !workspace.empty());
  const bool may_be_either = action == v1::ACTION_TOKEN_ISSUE && text == ShortName(workspace);
  const std::optional<NameKind> kind = parts.size() == 1 ? forms.one : forms.two;
  if (kind.has_value() && parts.size() <= 2 && !may_be_either) return FullName(*kind, text);
  std::vector<absl::string_view> patterns;
  if (may_be_either) patterns = Find(NameKind::kWorkspace).patterns;
  for (const std::optional<NameKind> form : {forms.one, forms.two}) {
    if (!form.has_value()) continue;
    const std::vector<absl::string_view>& more = Find(*form).patterns;
    patterns.insert(patterns.end(), more.begin(), more.end());
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", text, "' does not say what this action is about; give it in full: ",
                   absl::StrJoin(patterns, " or ")));
}

std::pair<std::string, std::string> SplitName(absl::string_view name) {
  Parts parts = absl::StrSplit(name, '/');
  const std::string id = parts.back();
  parts.resize(parts.size() < 2 ? 0 : parts.size() - 2);
  return {absl::StrJoin(parts, "/"), id};
}

std::string ShortName(absl::string_view name) {
  const Parts parts = absl::StrSplit(name, '/');
  const bool full = parts.size() % 2 == 0 &&
                    (parts[0] == "workspaces" || parts[0] == "apps" ||
                     (parts.size() == 2 && (parts[0] == "services" || parts[0] == "organizations" ||
                                            parts[0] == "consumers")));
  if (!full) return std::string(name);
  Parts ids;
  for (std::size_t i = 1; i < parts.size(); i += 2) ids.push_back(parts[i]);
  return absl::StrJoin(ids, "/");
}

}  // namespace latchkey::cli
