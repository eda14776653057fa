#include "server/secret/keyring.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/secret/new_secret.h"
#include "server/secret/secret_string.h"
#include "tests/testing/fake_entropy.h"

namespace latchkey::secret {
namespace {

using ::testing::ElementsAre;

constexpr char kOldKey[] = "the old key, which has its bytes";
constexpr char kNewKey[] = "the new key, which has its bytes";

class KeyringTest : public ::testing::Test {
 protected:
  Keyring Make(const std::vector<std::pair<std::uint32_t, std::string>>& keys) const {
    std::vector<std::pair<std::uint32_t, KeyedHash>> hashes;
    hashes.reserve(keys.size());
    for (const auto& [id, key] : keys) hashes.emplace_back(id, KeyedHash(key));
    return {std::move(hashes), Sealer(std::string(32, 's')), operator_hash_,
            *merkle::NoteSigner::Create("log", std::string(32, 'l'))};
  }

  testing::FakeEntropy entropy_;
  const SecretString operator_secret_ = GenerateSecret(kOperatorPrefix, entropy_);
  const Digest operator_hash_ = KeyedHash(kOldKey).Hash(operator_secret_.Reveal());
};

TEST_F(KeyringTest, NewSecretsAreHashedUnderTheFirstKey) {
  const Keyring keyring = Make({{2, kNewKey}, {1, kOldKey}});

  EXPECT_EQ(keyring.current_key_id(), 2u);
  EXPECT_THAT(keyring.key_ids(), ElementsAre(2, 1));
  EXPECT_EQ(keyring.HashUnderCurrent("secret"), KeyedHash(kNewKey).Hash("secret"));
}

TEST_F(KeyringTest, OldSecretsAreStillFoundUnderTheirKey) {
  const Keyring keyring = Make({{2, kNewKey}, {1, kOldKey}});

  EXPECT_EQ(keyring.HashUnder(1, "secret"), KeyedHash(kOldKey).Hash("secret"));
  EXPECT_EQ(keyring.HashUnder(2, "secret"), KeyedHash(kNewKey).Hash("secret"));
}

TEST_F(KeyringTest, PuttingANewKeyFirstLeavesTheOperatorIn) {
  EXPECT_TRUE(Make({{1, kOldKey}}).IsOperatorSecret(operator_secret_.Reveal()));
  EXPECT_TRUE(Make({{2, kNewKey}, {1, kOldKey}}).IsOperatorSecret(operator_secret_.Reveal()));
  EXPECT_TRUE(Make({{1, kOldKey}, {2, kNewKey}}).IsOperatorSecret(operator_secret_.Reveal()));
  EXPECT_FALSE(Make({{2, kNewKey}}).IsOperatorSecret(operator_secret_.Reveal()));
}

TEST_F(KeyringTest, NothingElseIsTheOperator) {
  const Keyring keyring = Make({{1, kOldKey}});
  const std::string secret(operator_secret_.Reveal());

  EXPECT_FALSE(keyring.IsOperatorSecret(""));
  EXPECT_FALSE(keyring.IsOperatorSecret(secret.substr(0, secret.size() - 1)));
  EXPECT_FALSE(keyring.IsOperatorSecret(secret + "0"));
  EXPECT_FALSE(keyring.IsOperatorSecret(std::string(1 << 20, 'x')));
  EXPECT_FALSE(keyring.IsOperatorSecret(GenerateSecret(kOperatorPrefix, entropy_).Reveal()));
  EXPECT_FALSE(keyring.IsOperatorSecret(GenerateSecret("lks", entropy_).Reveal()));
}

}  // namespace
}  // namespace latchkey::secret
