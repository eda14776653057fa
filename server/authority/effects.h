#ifndef LATCHKEY_SERVER_AUTHORITY_EFFECTS_H_
#define LATCHKEY_SERVER_AUTHORITY_EFFECTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace latchkey {

// What the verifier's memory must learn of a commit before anybody is told of it.
struct Effects {
  // Keys of records whose generation was raised, and the new generation.
  std::vector<std::pair<std::string, std::uint64_t>> raised;
  // Hashes of secrets whose token changed.
  std::vector<std::string> changed_secrets;

  void MergeFrom(Effects&& other) {
    for (auto& raise : other.raised) raised.push_back(std::move(raise));
    for (auto& hash : other.changed_secrets) changed_secrets.push_back(std::move(hash));
    other = {};
  }
};

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_EFFECTS_H_
