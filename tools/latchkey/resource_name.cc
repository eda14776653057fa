#include "tools/latchkey/resource_name.h"

#include <algorithm>
#include <cstddef>
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

// What a short name with `ids` ids is a name of, where the action is about `noun`.
NameKind KindFor(absl::string_view noun, std::size_t ids) {
  if (ids == 1) {
    if (noun == "app") return NameKind::kApp;
    if (noun == "organization") return NameKind::kOrganization;
    return noun == "service" ? NameKind::kService : NameKind::kWorkspace;
  }
  if (noun == "member") return NameKind::kMember;
  if (noun == "app" || noun == "installation") return NameKind::kInstallation;
  return noun == "request" ? NameKind::kRequest : NameKind::kToken;
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

absl::StatusOr<std::string> FullResourceName(v1::Action action, absl::string_view text) {
  const Parts parts = absl::StrSplit(text, '/');
  if (text.empty() || IsFullName(parts)) return std::string(text);
  // ACTION_TOKEN_ISSUE is about a token.
  const Parts words = absl::StrSplit(v1::Action_Name(action), '_');
  return FullName(KindFor(absl::AsciiStrToLower(words[1]), parts.size()), text);
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
