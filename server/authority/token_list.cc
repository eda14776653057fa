#include <optional>
#include <string>

#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/lists.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::TokenRecord;

// The parts of a request for tokens, checked.
struct TokenQuery {
  TokenOwner owner;
  std::string app;     // id
  std::string member;  // name
};

absl::StatusOr<TokenQuery> ParseQuery(const v1::ListTokensRequest& request) {
  TokenQuery query;
  Validator validator;
  const auto owner = ParseTokenOwner(request.parent());
  const auto app = ParseApp(request.app());
  const auto member = ParseMember(request.member());
  validator.Check(owner.has_value(), "parent", "takes workspaces/{id} or services/{id}");
  validator.Check(request.app().empty() || app.has_value(), "app", "takes apps/{id}");
  validator.Check(request.member().empty() || member.has_value(), "member", kMemberForm);
  validator.Check(v1::TokenState_IsValid(request.state()), "state", "is no state");
  validator.Check(v1::TokenKind_IsValid(request.kind()), "kind", "is no kind");
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  query.owner = *owner;
  query.app = app.value_or("");
  query.member = request.member();
  return query;
}

bool Selects(const v1::ListTokensRequest& request, const v1::Token& token) {
  return (request.app().empty() || token.app() == request.app()) &&
         (request.member().empty() || token.member() == request.member()) &&
         (request.kind() == v1::TOKEN_KIND_UNSPECIFIED || token.kind() == request.kind()) &&
         (request.state() == v1::TOKEN_STATE_UNSPECIFIED || token.state() == request.state());
}

// The shortest index that holds every token of the query: its prefix.
std::string PrefixOf(const TokenQuery& query) {
  if (!query.owner.service.empty()) return storage::ServiceTokenPrefix(query.owner.service);
  if (!query.member.empty()) {
    return storage::MemberTokenPrefix(query.owner.workspace, LastId(query.member));
  }
  if (!query.app.empty()) return storage::AppTokenPrefix(query.owner.workspace, query.app);
  return storage::WorkspaceTokenPrefix(query.owner.workspace);
}

}  // namespace

absl::StatusOr<v1::ListTokensResponse> Authority::Read(const Caller& caller,
                                                       const v1::ListTokensRequest& request) {
  const storage::View view = NewView();
  const absl::Time now = options_.clock.Now();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet,
                            FactSheet::For(view, caller, policy::Action::kTokenRead, now));
  const TokenOwner owner = ParseTokenOwner(request.parent()).value_or(TokenOwner{});
  const std::string app = ParseApp(request.app()).value_or("");
  LATCHKEY_RETURN_IF_ERROR(!owner.service.empty()
                               ? sheet.AboutNewToken(owner, policy::TokenKind::kService, "", "", {})
                           : app.empty() ? sheet.AboutWorkspace(owner.workspace)
                                         : sheet.AboutAppTokens(owner.workspace, app));
  LATCHKEY_ASSIGN_OR_RETURN(const ListScope scope, ScopeOf(sheet, request.parent()));
  LATCHKEY_ASSIGN_OR_RETURN(TokenQuery query, ParseQuery(request));
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  const bool there =
      owner.service.empty() ? sheet.workspace().has_value() : sheet.service().has_value();
  if (!there) return ResourceNotFoundError(request.parent());
  v1::ListTokensResponse response;
  if (scope == ListScope::kOwn) {
    const bool anothers = !owner.service.empty() && ServiceName(owner.service) != caller.principal;
    if (anothers) return ResourceNotFoundError(request.parent());
    if (!query.member.empty() && query.member != caller.principal) return response;
    if (owner.service.empty()) query.member = caller.principal;
  }
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListIndexed<TokenRecord>(
          view, PrefixOf(query), page,
          [&](absl::string_view id) {
            return owner.service.empty() ? storage::WorkspaceTokenKey(owner.workspace, id)
                                         : storage::ServiceTokenKey(owner.service, id);
          },
          [&](const TokenRecord& record) -> absl::StatusOr<bool> {
            LATCHKEY_ASSIGN_OR_RETURN(v1::Token token, Published(view, record, now));
            if (!Selects(request, token)) return false;
            LATCHKEY_RETURN_IF_ERROR(AddLastUse(view, token));
            *response.add_tokens() = std::move(token);
            return true;
          })));
  return response;
}

}  // namespace latchkey
