#include "storage/merkle/merkle_tree.h"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>

namespace latchkey::merkle {
namespace {

// RFC 6962: what is hashed begins with its kind, so that no node can be taken for a leaf.
constexpr std::uint8_t kLeafPrefix = 0;
constexpr std::uint8_t kNodePrefix = 1;

// A context that is made once for each thread: making one costs more than hashing a node.
EVP_MD_CTX* Context() {
  struct Owner {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~Owner() { EVP_MD_CTX_free(context); }
  };
  thread_local const Owner owner;
  return owner.context;
}

// Looked up once: the look-up by name is what takes most of a short hash in OpenSSL 3.
const EVP_MD* Sha256() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

Hash HashOf(const std::uint8_t* prefix, absl::string_view first, absl::string_view second) {
  Hash hash{};
  EVP_MD_CTX* const context = Context();
  EVP_DigestInit_ex2(context, Sha256(), nullptr);
  if (prefix != nullptr) EVP_DigestUpdate(context, prefix, 1);
  EVP_DigestUpdate(context, first.data(), first.size());
  EVP_DigestUpdate(context, second.data(), second.size());
  EVP_DigestFinal_ex(context, hash.data(), nullptr);
  return hash;
}

}  // namespace

std::optional<Hash> HashFromBytes(absl::string_view bytes) {
  if (bytes.size() != kHashSize) return std::nullopt;
  Hash hash;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

Hash LeafHash(absl::string_view leaf) { return HashOf(&kLeafPrefix, leaf, ""); }

Hash NodeHash(const Hash& left, const Hash& right) {
  return HashOf(&kNodePrefix, AsBytes(left), AsBytes(right));
}

Hash EmptyRoot() { return HashOf(nullptr, "", ""); }

std::optional<Frontier> Frontier::FromParts(std::uint64_t size, std::vector<Hash> parts) {
  if (parts.size() != static_cast<std::size_t>(std::popcount(size))) return std::nullopt;
  Frontier frontier;
  frontier.size_ = size;
  frontier.parts_ = std::move(parts);
  return frontier;
}

void Frontier::Append(const Hash& leaf_hash, Completed completed) {
  std::uint64_t index = size_++;
  parts_.push_back(leaf_hash);
  completed(0, index, leaf_hash);
  // As in adding one to a number: each low bit that is set is a subtree which this completes.
  for (unsigned level = 1; (index & 1) == 1; ++level) {
    index >>= 1;
    const Hash right = parts_.back();
    parts_.pop_back();
    parts_.back() = NodeHash(parts_.back(), right);
    completed(level, index, parts_.back());
  }
}

Hash Frontier::Root() const {
  if (parts_.empty()) return EmptyRoot();
  Hash root = parts_.back();
  for (std::size_t i = parts_.size() - 1; i-- > 0;) root = NodeHash(parts_[i], root);
  return root;
}

}  // namespace latchkey::merkle
