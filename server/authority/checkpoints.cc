#include "server/authority/checkpoints.h"

#include "server/base/status_macros.h"
#include "storage/log_tree.h"
#include "storage/merkle/checkpoint.h"

namespace latchkey {
namespace {

constexpr std::size_t kMaxRemembered = 256;

}  // namespace

absl::StatusOr<std::string> Checkpoints::At(std::uint64_t size) {
  MutexLock lock(mu_);
  if (const auto it = notes_.find(size); it != notes_.end()) return it->second;
  const storage::View view(engine_.NewSnapshot());
  LATCHKEY_ASSIGN_OR_RETURN(const merkle::Frontier tree, storage::ReadTree(view, size));
  LATCHKEY_ASSIGN_OR_RETURN(std::string note, merkle::SignCheckpoint(signer_, size, tree.Root()));
  if (order_.size() >= kMaxRemembered) {
    notes_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(size);
  notes_.emplace(size, note);
  return note;
}

}  // namespace latchkey
