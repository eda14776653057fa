// Previews of bulk revocations, and reading those that were started.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "server/authority/authority.h"
#include "server/authority/bulk_confirmation.h"
#include "server/authority/bulk_revocation.h"
#include "server/authority/common.h"
#include "server/authority/lists.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"
#include "storage/remembering_reader.h"

namespace latchkey {
namespace {

using storage::v1::BulkRevocationRecord;
using storage::v1::TokenRecord;

constexpr int kMaxSamples = 10;
// Each takes a thread for as long as it walks.
constexpr int kMaxPreviews = 2;

// Counts the live tokens of `selection` in `response`, and shows the first ones.
absl::Status CountAndSample(const storage::View& view, const TokenSelection& selection,
                            absl::Time now, Logger& logger,
                            v1::BulkRevokeTokensResponse& response) {
  const storage::RememberingReader owners(view, kMaxRememberedOwners);
  std::uint64_t count = 0;
  const auto look = [&](const absl::Status& read, const TokenRecord& record) -> absl::Status {
    LATCHKEY_RETURN_IF_ERROR(read);
    if (!Selects(selection, record.token())) return absl::OkStatus();
    LATCHKEY_ASSIGN_OR_RETURN(const bool active, IsActive(owners, record, now));
    if (!active) return absl::OkStatus();
    ++count;
    if (response.samples_size() == kMaxSamples) return absl::OkStatus();
    LATCHKEY_ASSIGN_OR_RETURN(v1::Token sample, Published(owners, record, now));
    LATCHKEY_RETURN_IF_ERROR(AddLastUse(view, sample));
    *response.add_samples() = std::move(sample);
    return absl::OkStatus();
  };
  const auto visit = [&](absl::string_view id, const absl::Status& read,
                         const TokenRecord& record) -> absl::StatusOr<storage::Walk> {
    // What is damaged must not keep the others.
    const absl::Status looked = look(read, record);
    if (!looked.ok() && !IsDamaged(looked, id, logger)) return looked;
    return storage::Walk::kGoOn;
  };
  LATCHKEY_RETURN_IF_ERROR(WalkTokens(view, selection, "", visit));
  response.set_count(count);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::BulkRevokeTokensResponse> Authority::PreviewBulkRevoke(
    const Caller& caller, const v1::BulkRevokeTokensRequest& request) {
  // The time first: what is committed after it may be missing in the view.
  const absl::Time now = options_.clock.Now();
  const storage::View view = NewView();
  LATCHKEY_ASSIGN_OR_RETURN(
      const FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kTokenBulkRevoke, request.parent(),
                    [&](FactSheet& s) { return AboutBulk(s, request); }));
  LATCHKEY_ASSIGN_OR_RETURN(TokenSelection selection, CheckBulk(sheet, view, request));
  if (!IsGeneration(selection)) selection = UpTo(now, std::move(selection));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t generation, GenerationOf(view, selection));
  v1::BulkRevokeTokensResponse response;
  const absl::Cleanup done = [this] { --previews_; };
  if (++previews_ > kMaxPreviews) {
    return OverloadedError(
        absl::StrCat(kMaxPreviews, " previews are counted already; try again in a moment"));
  }
  LATCHKEY_RETURN_IF_ERROR(CountAndSample(view, selection, now, options_.logger, response));
  response.set_confirmation(MakeConfirmation(options_.keyring, caller.principal, request,
                                             {now, response.count(), generation}));
  return response;
}

absl::StatusOr<v1::GetBulkRevocationResponse> Authority::Read(
    const Caller& caller, const v1::GetBulkRevocationRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseBulkRevocation(request.name());
  const InWorkspace where = id.value_or(InWorkspace{});
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, policy::Action::kTokenBulkRevoke, request.name(),
                    [&](FactSheet& s) { return s.AboutWorkspace(where.workspace); })
          .status());
  if (!id.has_value()) return InvalidNameError("name", request.name(), kBulkRevocationForm);
  LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                            view.Get(storage::BulkRevocationKey(where.workspace, where.id)));
  if (!record.has_value()) return ResourceNotFoundError(request.name());
  v1::GetBulkRevocationResponse response;
  *response.mutable_bulk_revocation() = record->bulk_revocation();
  return response;
}

absl::StatusOr<v1::ListBulkRevocationsResponse> Authority::Read(
    const Caller& caller, const v1::ListBulkRevocationsRequest& request) {
  const storage::View view = NewView();
  const auto workspace = ParseWorkspace(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(
      const FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kTokenBulkRevoke, request.parent(),
                    [&](FactSheet& s) { return s.AboutWorkspace(workspace.value_or("")); }));
  if (!workspace.has_value()) return InvalidNameError("parent", request.parent(), kWorkspaceForm);
  if (!v1::BulkRevocationState_IsValid(request.state())) {
    return InvalidFieldError("state", absl::StrCat("is ", static_cast<int>(request.state()),
                                                   "; it takes RUNNING, DONE or CANCELLED"));
  }
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListBulkRevocationsResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<BulkRevocationRecord>(
          view, storage::BulkRevocationPrefix(*workspace), page, ListOrder::kBackward,
          [&](absl::string_view, const BulkRevocationRecord& record) {
            const v1::BulkRevocation& shown = record.bulk_revocation();
            const bool wanted = request.state() == v1::BULK_REVOCATION_STATE_UNSPECIFIED ||
                                request.state() == shown.state();
            if (wanted) *response.add_bulk_revocations() = shown;
            return wanted;
          })));
  return response;
}

}  // namespace latchkey
