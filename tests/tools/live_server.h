#ifndef LATCHKEY_TESTS_TOOLS_LIVE_SERVER_H_
#define LATCHKEY_TESTS_TOOLS_LIVE_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

namespace latchkey::testing {

// A real server on a free port of 127.0.0.1, over an authority in memory with one service.
// Thread-safe.
class LiveServer {
 public:
  LiveServer();
  ~LiveServer();
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;

  std::string target() const;
  const std::string& operator_secret() const;

  // Returns the secret of a new token.
  std::string IssueSecret();
  bool IsActive(const std::string& secret);

  // How many events there are, and the last one as text.
  std::uint64_t newest() const;
  std::string NewestEvent();

 private:
  struct World;
  std::unique_ptr<World> world_;
};

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_TOOLS_LIVE_SERVER_H_
