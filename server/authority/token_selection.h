#ifndef LATCHKEY_SERVER_AUTHORITY_TOKEN_SELECTION_H_
#define LATCHKEY_SERVER_AUTHORITY_TOKEN_SELECTION_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "latchkey/storage/v1/records.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/authority/names.h"
#include "storage/reader.h"

namespace latchkey {

// Which tokens a list or a bulk revocation is about. What is set narrows.
struct TokenSelection {
  TokenOwner owner;
  std::string app;     // name
  std::string member;  // name
  v1::TokenKind kind = v1::TOKEN_KIND_UNSPECIFIED;
  std::string label;
  absl::Time issued_before = absl::InfiniteFuture();
};

// Returns whether a token of the selection's owner is in the selection.
bool Selects(const TokenSelection& selection, const v1::Token& token);

// Returns the prefix of the shortest index that holds every token of the selection. What follows it
// in a key is a token's id.
std::string PrefixOf(const TokenSelection& selection);

storage::Key<storage::v1::TokenRecord> TokenKeyOf(const TokenOwner& owner, absl::string_view id);

// Is told of a token: its id, whether its record could be read, and that, which lasts for the call.
using TokenVisitor = absl::FunctionRef<absl::StatusOr<storage::Walk>(
    absl::string_view id, const absl::Status& read, const storage::v1::TokenRecord& record)>;

// Calls `visit` with the tokens in that index whose ids come after `after` ("": with all), in
// order, dead ones and ones that are not selected too, until it says kStop or returns an error.
// UNAVAILABLE, DATA_LOSS: the index does not read.
absl::Status WalkTokens(const storage::View& view, const TokenSelection& selection,
                        absl::string_view after, TokenVisitor visit);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_TOKEN_SELECTION_H_
