#include "tests/policy/codes.h"

#include "absl/strings/str_cat.h"
#include "tests/policy/names.h"

namespace latchkey::policy {

std::uint64_t Hash(absl::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = HashOnward(hash, static_cast<unsigned char>(c));
  return hash;
}

std::uint16_t Codes::Of(const Decision& decision) {
  // The texts are static, so that equal addresses are equal texts; each text has one outcome.
  const std::pair texts(decision.rule.data(), decision.reason.data());
  const auto known = by_texts_.find(texts);
  if (known != by_texts_.end()) return known->second;
  return by_texts_[texts] = Add(decision);
}

std::uint16_t Codes::Add(const Decision& decision) {
  const std::string rule(decision.rule);
  explained_.insert({rule, decision.outcome, std::string(decision.reason)});
  const std::string name = absl::StrCat(Name(decision.outcome), " (", rule, ")");
  const auto [it, is_new] =
      by_name_.try_emplace(name, static_cast<std::uint16_t>(meanings_.size()));
  if (is_new) meanings_.push_back({decision.outcome, rule, Hash(name)});
  return it->second;
}

}  // namespace latchkey::policy
