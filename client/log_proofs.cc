#include "client/log_proofs.h"

#include <optional>

#include "latchkey/v1/audit_service.pb.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

absl::StatusOr<std::vector<merkle::Hash>> HashesOf(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<merkle::Hash> hashes;
  hashes.reserve(static_cast<std::size_t>(texts.size()));
  for (const std::string& text : texts) {
    const std::optional<merkle::Hash> hash = merkle::HashFromBytes(text);
    if (!hash.has_value()) return absl::DataLossError("the server's proof holds what is no hash");
    hashes.push_back(*hash);
  }
  return hashes;
}

}  // namespace

absl::StatusOr<std::string> ServerProofs::NewestCheckpoint() {
  v1::GetCheckpointRequest request;
  request.set_workspace(workspace_);
  request.set_organization(organization_);
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response,
                            client_.Call(std::move(request)));
  return response.checkpoint();
}

absl::StatusOr<LogProofs::Inclusion> ServerProofs::ProveInclusion(std::uint64_t sequence,
                                                                  std::uint64_t size) {
  v1::GetInclusionProofRequest request;
  request.set_workspace(workspace_);
  request.set_organization(organization_);
  request.set_sequence(sequence);
  request.set_tree_size(size);
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetInclusionProofResponse response,
                            client_.Call(std::move(request)));
  const std::optional<merkle::Hash> leaf = merkle::HashFromBytes(response.leaf_hash());
  if (!leaf.has_value()) return absl::DataLossError("the server's leaf hash is no hash");
  Inclusion inclusion;
  inclusion.leaf_hash = *leaf;
  LATCHKEY_ASSIGN_OR_RETURN(inclusion.path, HashesOf(response.hashes()));
  return inclusion;
}

absl::StatusOr<std::vector<merkle::Hash>> ServerProofs::ProveConsistency(std::uint64_t first,
                                                                         std::uint64_t second) {
  v1::GetConsistencyProofRequest request;
  request.set_workspace(workspace_);
  request.set_organization(organization_);
  request.set_first_tree_size(first);
  request.set_second_tree_size(second);
  LATCHKEY_ASSIGN_OR_RETURN(const v1::GetConsistencyProofResponse response,
                            client_.Call(std::move(request)));
  return HashesOf(response.hashes());
}

}  // namespace latchkey
