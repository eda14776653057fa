#ifndef LATCHKEY_SERVER_AUTHORITY_PAGING_H_
#define LATCHKEY_SERVER_AUTHORITY_PAGING_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message_lite.h"

namespace latchkey {

// Where a page of a list begins, and how long it may be (AIP-158).
struct Page {
  std::size_t size = 0;
  std::string after;              // what the last page ended with; empty: the beginning
  std::uint64_t fingerprint = 0;  // of the request without its page fields
};

// INVALID_ARGUMENT (PAGE_TOKEN_INVALID).
absl::Status PageTokenError();

// Takes the page fields of a request apart. `bare` is the request without them.
// INVALID_ARGUMENT: a negative size, or a token that is not one of this request's.
absl::StatusOr<Page> ParsePage(std::int32_t page_size, absl::string_view page_token,
                               const google::protobuf::MessageLite& bare);

// ParsePage() of a request message.
template <typename Request>
absl::StatusOr<Page> PageOf(const Request& request) {
  Request bare = request;
  bare.clear_page_size();
  bare.clear_page_token();
  return ParsePage(request.page_size(), request.page_token(), bare);
}

// Returns the token of the page that begins after `last`.
std::string PageTokenAfter(const Page& page, absl::string_view last);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_PAGING_H_
