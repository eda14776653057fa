#ifndef LATCHKEY_SERVER_AUTHORITY_EFFECTS_H_
#define LATCHKEY_SERVER_AUTHORITY_EFFECTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace latchkey {

// What memory must learn of a commit before anybody is told of it: the verifier's, and whoever
// keeps streams of consumers.
struct Effects {
  // Keys of records whose generation was raised, and the new generation.
  std::vector<std::pair<std::string, std::uint64_t>> raised;
  // Hashes of secrets whose token changed.
  std::vector<std::string> changed_secrets;

  // Names of consumers that were deleted.
  std::vector<std::string> deleted_consumers;

  void MergeFrom(Effects&& other) {
    for (auto& raise : other.raised) raised.push_back(std::move(raise));
    for (auto& hash : other.changed_secrets) changed_secrets.push_back(std::move(hash));
    for (auto& name : other.deleted_consumers) deleted_consumers.push_back(std::move(name));
    other = {};
  }
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_EFFECTS_H_
