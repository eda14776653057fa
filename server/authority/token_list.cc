#include <optional>
#include <string>
#include <utility>

#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/lists.h"
#include "server/authority/names.h"
#include "server/authority/token_selection.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::TokenRecord;

// The parts of a request for tokens, checked; but for the state, which is judged when published.
absl::StatusOr<TokenSelection> ParseQuery(const v1::ListTokensRequest& request) {
  TokenSelection selection;
  Validator validator;
  const auto owner = ParseTokenOwner(request.parent());
  validator.Name("parent", request.parent(), owner.has_value(), "workspaces/{id} or services/{id}");
  validator.Name("app", request.app(), request.app().empty() || ParseApp(request.app()).has_value(),
                 kAppForm);
  validator.Name("member", request.member(),
                 request.member().empty() || ParseMember(request.member()).has_value(),
                 kMemberForm);
  validator.Enum("state", request.state(), /*or_none=*/true);
  validator.Enum("kind", request.kind(), /*or_none=*/true);
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  selection.owner = *owner;
  selection.app = request.app();
  selection.member = request.member();
  selection.kind = request.kind();
  return selection;
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
  LATCHKEY_ASSIGN_OR_RETURN(TokenSelection selection, ParseQuery(request));
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  bool there = sheet.workspace().has_value();
  if (!owner.service.empty()) {
    // Dead tokens stay listed, so those of a deleted service too.
    LATCHKEY_ASSIGN_OR_RETURN(const auto service, view.Get(storage::ServiceKey(owner.service)));
    there = service.has_value();
  }
  if (!there) return ResourceNotFoundError(request.parent());
  v1::ListTokensResponse response;
  if (scope == ListScope::kOwn) {
    const bool anothers = !owner.service.empty() && ServiceName(owner.service) != caller.principal;
    if (anothers) return ResourceNotFoundError(request.parent());
    if (!selection.member.empty() && selection.member != caller.principal) return response;
    if (owner.service.empty()) selection.member = caller.principal;
  }
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListIndexed<TokenRecord>(
          view, PrefixOf(selection), page,
          [&](absl::string_view id) { return TokenKeyOf(owner, id); },
          [&](const TokenRecord& record) -> absl::StatusOr<bool> {
            if (!Selects(selection, record.token())) return false;
            LATCHKEY_ASSIGN_OR_RETURN(v1::Token token, Published(view, record, now));
            const bool wanted =
                request.state() == v1::TOKEN_STATE_UNSPECIFIED || token.state() == request.state();
            if (!wanted) return false;
            LATCHKEY_RETURN_IF_ERROR(AddLastUse(view, token));
            *response.add_tokens() = std::move(token);
            return true;
          })));
  return response;
}

}  // namespace latchkey
