# The architecture as a table: which layers a layer may use, and which folders are a layer.
# A layer may always use itself. tools/cmake/Layers.cmake checks link edges against it at configure
# time, tools/cmake/CheckIncludes.cmake checks #include lines.
set(LATCHKEY_LAYERS proto base form merkle secret policy engine storage server rpc client tools bench fsck daemon testing)

set(LATCHKEY_USES_proto   "")
set(LATCHKEY_USES_base    "")
set(LATCHKEY_USES_form    "")
set(LATCHKEY_USES_merkle  base)
set(LATCHKEY_USES_secret  base form merkle)
set(LATCHKEY_USES_policy  base)
set(LATCHKEY_USES_engine  base)
set(LATCHKEY_USES_storage base proto engine merkle)
set(LATCHKEY_USES_server  base form proto secret policy engine merkle storage)
set(LATCHKEY_USES_rpc     ${LATCHKEY_USES_server} server)
set(LATCHKEY_USES_client  base form proto merkle)
set(LATCHKEY_USES_tools   base form proto client secret merkle)
set(LATCHKEY_USES_bench   ${LATCHKEY_USES_tools} engine storage)
set(LATCHKEY_USES_fsck    base proto secret engine merkle storage)
set(LATCHKEY_USES_daemon  ${LATCHKEY_USES_rpc} rpc)
set(LATCHKEY_USES_testing ${LATCHKEY_LAYERS})

# The libraries from outside that a layer may use, beside Abseil and threads: by the names before
# the :: of their targets. Tests may use any.
set(LATCHKEY_OUTSIDE_proto   protobuf gRPC)
set(LATCHKEY_OUTSIDE_base    OpenSSL nlohmann_json spdlog)
set(LATCHKEY_OUTSIDE_form    libdeflate)
set(LATCHKEY_OUTSIDE_merkle  OpenSSL)
set(LATCHKEY_OUTSIDE_secret  OpenSSL nlohmann_json)
set(LATCHKEY_OUTSIDE_policy  "")
set(LATCHKEY_OUTSIDE_engine  RocksDB libdeflate)
set(LATCHKEY_OUTSIDE_storage protobuf libdeflate)
set(LATCHKEY_OUTSIDE_server  protobuf)
set(LATCHKEY_OUTSIDE_rpc     protobuf gRPC OpenSSL)
set(LATCHKEY_OUTSIDE_client  protobuf gRPC)
set(LATCHKEY_OUTSIDE_tools   protobuf CLI11 nlohmann_json tomlplusplus)
set(LATCHKEY_OUTSIDE_bench   protobuf gRPC CLI11 nlohmann_json)
set(LATCHKEY_OUTSIDE_fsck    CLI11)
set(LATCHKEY_OUTSIDE_daemon  protobuf gRPC CLI11)

# "path prefix=library" of the headers of those libraries.
set(LATCHKEY_OUTSIDE_HEADERS
  google/protobuf/=protobuf grpc/=gRPC grpc++/=gRPC grpcpp/=gRPC openssl/=OpenSSL
  nlohmann/=nlohmann_json spdlog/=spdlog libdeflate.h=libdeflate rocksdb/=RocksDB CLI/=CLI11 toml++/=tomlplusplus
  gtest/=GTest gmock/=GTest)

# Of what is no library in this sense: Abseil, the kernel and POSIX.
set(LATCHKEY_SYSTEM_HEADERS
  "^(absl|arpa|linux|netinet|sys)/|^(fcntl|poll|pthread|sched|string|termios|unistd)[.]h$")

# Our targets that every layer may link, and that are of none.
set(LATCHKEY_OF_NO_LAYER latchkey_warnings latchkey_malloc)

# "path prefix=layer", the longest match counts. As in #include lines: from the project root, or
# from proto/ for generated headers.
set(LATCHKEY_FOLDERS
  latchkey/=proto google/rpc/=proto grpc/health/=proto
  server/base/=base server/form/=form server/secret/=secret server/policy/=policy
  storage/engine/=engine storage/merkle/=merkle storage/=storage
  server/=server server/rpc/=rpc server/daemon/=daemon server/main.cc=daemon
  client/=client tools/=tools tools/bench/=bench tools/fsck/=fsck tests/=testing)
