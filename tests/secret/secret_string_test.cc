#include "server/secret/secret_string.h"

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace latchkey::secret {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kLong[] = "lkb_a-secret-that-lies-on-the-heap-as-they-all-do";
constexpr char kShort[] = "short-secret";

template <typename T>
concept Streams = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(Streams<std::string> && !Streams<SecretString>, "a secret must not be streamed");
static_assert(!std::is_convertible_v<SecretString, absl::AlphaNum>, "nor go into StrCat()");
static_assert(!std::is_convertible_v<SecretString, absl::string_view>, "nor turn into text");
static_assert(!std::is_copy_constructible_v<SecretString>, "nor multiply");

TEST(SecretStringTest, RevealsWhatItWasGiven) {
  EXPECT_EQ(SecretString(kLong).Reveal(), kLong);
  EXPECT_FALSE(SecretString(kShort).empty());
  EXPECT_TRUE(SecretString().empty());
  EXPECT_EQ(SecretString(std::string("a\0b", 3)).Reveal(), absl::string_view("a\0b", 3));
}

TEST(SecretStringTest, MovingLeavesNothingBehind) {
  for (const char* text : {kShort, kLong}) {
    SecretString from(text);
    SecretString to(std::move(from));
    EXPECT_EQ(to.Reveal(), text);
    EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): it is what this promises

    SecretString assigned("before");
    assigned = std::move(to);
    EXPECT_EQ(assigned.Reveal(), text);
    EXPECT_TRUE(to.empty());  // NOLINT(bugprone-use-after-move)
  }
}

TEST(SecretStringTest, AssignedToItselfItKeepsTheSecret) {
  SecretString secret(kLong);
  SecretString& same = secret;
  secret = std::move(same);

  EXPECT_EQ(secret.Reveal(), kLong);
}

TEST(SecretStringTest, EqualsItsLikeOnly) {
  EXPECT_TRUE(SecretString(kLong) == SecretString(kLong));
  EXPECT_FALSE(SecretString(kLong) == SecretString(kShort));
  EXPECT_FALSE(SecretString("aaaa") == SecretString("aaab"));
  EXPECT_FALSE(SecretString("aaaa") == SecretString("baaa"));
  EXPECT_FALSE(SecretString("aaaa") == SecretString("aaa"));
  EXPECT_TRUE(SecretString() == SecretString());
}

TEST(SecretStringTest, AFailedTestShowsNoSecret) {
  ::testing::TestPartResultArray failures;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    const SecretString expected(kLong);
    const SecretString actual(kShort);
    EXPECT_EQ(actual, expected);
    EXPECT_THAT(actual, ::testing::Eq(std::ref(expected)));
  }

  ASSERT_EQ(failures.size(), 2);
  for (int i = 0; i < failures.size(); ++i) {
    const std::string message = failures.GetTestPartResult(i).message();
    EXPECT_THAT(message, HasSubstr("<secret>"));
    EXPECT_THAT(message, Not(HasSubstr(kLong)));
    EXPECT_THAT(message, Not(HasSubstr(kShort)));
  }
}

TEST(SecretStringTest, PrintedInsideAContainerItShowsNoSecret) {
  std::vector<std::pair<int, SecretString>> secrets;
  secrets.emplace_back(1, SecretString(kShort));

  EXPECT_EQ(::testing::PrintToString(secrets), "{ (1, <secret>) }");
}

TEST(ConstantTimeEqualsTest, ComparesBytes) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals(absl::string_view("a\0b", 3), absl::string_view("a\0b", 3)));
  EXPECT_FALSE(ConstantTimeEquals(absl::string_view("a\0b", 3), absl::string_view("a\0c", 3)));
  EXPECT_FALSE(ConstantTimeEquals("a", ""));
}

}  // namespace
}  // namespace latchkey::secret
