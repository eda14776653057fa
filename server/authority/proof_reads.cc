#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"
#include "storage/log_tree.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/proof.h"

namespace latchkey {
namespace {

// A checkpoint is kept this often, at most, while the log grows.
constexpr absl::Duration kCheckpointInterval = absl::Minutes(1);

template <typename Response>
void AddHashes(const std::vector<merkle::Hash>& hashes, Response& response) {
  for (const merkle::Hash& hash : hashes) {
    response.add_hashes(std::string(merkle::AsBytes(hash)));
  }
}

// The size that a request names, the log's end where it names none.
absl::StatusOr<std::uint64_t> SizeOf(absl::string_view field, std::uint64_t asked,
                                     std::uint64_t least, std::uint64_t newest) {
  if (asked == 0) return newest;
  if (asked > newest) return BeyondEndError(field, asked, newest);
  if (asked < least) {
    return InvalidFieldError(
        field, absl::StrCat("is ", asked, "; it takes ", least, " to ", newest, ", or 0"));
  }
  return asked;
}

// A position that must be there, from 1 to the log's end.
absl::Status CheckPosition(absl::string_view field, std::uint64_t asked, std::uint64_t newest) {
  if (asked == 0) return InvalidFieldError(field, absl::StrCat("is 0; it takes 1 to ", newest));
  return asked <= newest ? absl::OkStatus() : BeyondEndError(field, asked, newest);
}

absl::Status CheckNames(const std::string& workspace, const std::string& organization) {
  if (!workspace.empty() && !ParseWorkspace(workspace).has_value()) {
    return InvalidNameError("workspace", workspace, kWorkspaceForm);
  }
  if (!organization.empty() && !ParseOrganization(organization).has_value()) {
    return InvalidNameError("organization", organization, kOrganizationForm);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Authority::AuthorizeProof(const Caller& caller, const std::string& workspace,
                                       const std::string& organization) {
  const bool names_none = workspace.empty() && organization.empty();
  const bool is_member = caller.kind == policy::CallerKind::kMember;
  const std::string own = WorkspaceName(WorkspaceIdOf(caller.principal));
  v1::EventFilter filter;
  filter.set_workspace(names_none && is_member ? own : workspace);
  filter.set_organization(organization);
  const absl::Status authorized = AuthorizeAudit(caller, filter);
  // What is left to say after the right is about the form of the names.
  if (authorized.ok() || absl::IsInvalidArgument(authorized)) {
    LATCHKEY_RETURN_IF_ERROR(CheckNames(workspace, organization));
  }
  LATCHKEY_RETURN_IF_ERROR(authorized);
  if (!is_member || !names_none) return absl::OkStatus();
  return InvalidFieldError("workspace",
                           absl::StrCat("is empty; a member names the own workspace, ", own,
                                        ", or an organization that the member is an owner of"));
}

absl::StatusOr<std::string> Authority::CheckpointAt(std::uint64_t size) {
  const std::uint64_t newest = hub_->newest();
  // Never of what is not committed: a statement that was signed cannot be taken back.
  if (size > newest) return BeyondEndError("size", size, newest);
  return checkpoints_.At(size);
}

absl::StatusOr<v1::GetCheckpointResponse> Authority::Read(const Caller& caller,
                                                          const v1::GetCheckpointRequest& request) {
  LATCHKEY_RETURN_IF_ERROR(AuthorizeProof(caller, request.workspace(), request.organization()));
  const std::uint64_t newest = hub_->newest();
  LATCHKEY_ASSIGN_OR_RETURN(std::string note, checkpoints_.At(newest));
  v1::GetCheckpointResponse response;
  response.set_checkpoint(std::move(note));
  response.set_tree_size(newest);
  response.set_verifier_key(options_.keyring.log_signer().VerifierKey());
  return response;
}

absl::StatusOr<v1::GetInclusionProofResponse> Authority::Read(
    const Caller& caller, const v1::GetInclusionProofRequest& request) {
  LATCHKEY_RETURN_IF_ERROR(AuthorizeProof(caller, request.workspace(), request.organization()));
  const std::uint64_t newest = hub_->newest();
  LATCHKEY_RETURN_IF_ERROR(CheckPosition("sequence", request.sequence(), newest));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t size,
                            SizeOf("tree_size", request.tree_size(), request.sequence(), newest));
  const storage::View view = NewView();
  const storage::TreeReader tree(view);
  const std::uint64_t index = request.sequence() - 1;
  LATCHKEY_ASSIGN_OR_RETURN(const merkle::Hash leaf, tree(0, index));
  LATCHKEY_ASSIGN_OR_RETURN(const std::vector<merkle::Hash> path,
                            merkle::InclusionPath(index, size, tree));
  v1::GetInclusionProofResponse response;
  AddHashes(path, response);
  response.set_tree_size(size);
  response.set_leaf_hash(std::string(merkle::AsBytes(leaf)));
  return response;
}

absl::StatusOr<v1::GetConsistencyProofResponse> Authority::Read(
    const Caller& caller, const v1::GetConsistencyProofRequest& request) {
  LATCHKEY_RETURN_IF_ERROR(AuthorizeProof(caller, request.workspace(), request.organization()));
  const std::uint64_t newest = hub_->newest();
  const std::uint64_t first = request.first_tree_size();
  LATCHKEY_RETURN_IF_ERROR(CheckPosition("first_tree_size", first, newest));
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t second,
                            SizeOf("second_tree_size", request.second_tree_size(), first, newest));
  const storage::View view = NewView();
  LATCHKEY_ASSIGN_OR_RETURN(const std::vector<merkle::Hash> path,
                            merkle::ConsistencyPath(first, second, storage::TreeReader(view)));
  v1::GetConsistencyProofResponse response;
  AddHashes(path, response);
  response.set_second_tree_size(second);
  return response;
}

absl::StatusOr<std::uint64_t> Authority::LastCheckpoint() const {
  std::uint64_t size = 0;
  LATCHKEY_RETURN_IF_ERROR(NewView().ForEach(engine::PrefixRange(storage::CheckpointPrefix()),
                                             engine::Direction::kBackward,
                                             [&](absl::string_view key, absl::string_view) {
                                               size = storage::SizeOfCheckpointKey(key).value_or(0);
                                               return storage::Walk::kStop;
                                             }));
  return size;
}

void Authority::KeepCheckpointWhenDue() {
  const absl::Time now = options_.clock.Now();
  if (now < next_checkpoint_ || hub_->newest() == last_checkpoint_.load()) return;
  next_checkpoint_ = now + kCheckpointInterval;
  KeepCheckpoint();
}

void Authority::KeepCheckpoint() {
  const auto size = std::make_shared<std::uint64_t>(0);
  Enqueue(
      // Of what commits with it: no event is between the last one and its checkpoint.
      [this, size](Mutation& m) -> absl::Status {
        LATCHKEY_ASSIGN_OR_RETURN(const merkle::Frontier tree, m.txn().Tree());
        const auto key = storage::CheckpointKey(tree.size());
        LATCHKEY_ASSIGN_OR_RETURN(const auto there, m.txn().Get(key));
        *size = tree.size();
        if (tree.size() == 0 || there.has_value()) return absl::OkStatus();
        storage::v1::CheckpointRecord record;
        LATCHKEY_ASSIGN_OR_RETURN(
            *record.mutable_note(),
            merkle::SignCheckpoint(options_.keyring.log_signer(), tree.size(), tree.Root()));
        m.txn().Put(key, record);
        return absl::OkStatus();
      },
      [this, size](const absl::Status& committed) {
        if (committed.ok()) last_checkpoint_ = *size;
      });
}

}  // namespace latchkey
