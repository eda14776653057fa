# What Latchkey is built from, all of it from the distribution (tools/install-packages).
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: the distribution ships no CMake package
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)  # Debian 12 ships no CMake package of this
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET libdeflate)

# latchkey_malloc: what programs link that allocate on every call. With glibc's malloc, which is slow
# where one thread frees what another allocated, a mutation takes a quarter more CPU. Sanitizers
# bring an allocator of their own.
find_library(LATCHKEY_JEMALLOC jemalloc REQUIRED)
add_library(latchkey_malloc INTERFACE)
if(NOT LATCHKEY_SANITIZE)
  # Nothing refers to it by name, so a linker that drops unused libraries must not see that.
  target_link_libraries(latchkey_malloc
    INTERFACE -Wl,--no-as-needed ${LATCHKEY_JEMALLOC} -Wl,--as-needed)
endif()

# latchkey_rocksdb: linked into the programs of a release, where calls between libraries and what
# RocksDB counts for each thread are a tenth of its cost; shared elsewhere, where more than a hundred
# programs are linked and sanitizers know it by the library's name.
add_library(latchkey_rocksdb INTERFACE)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_link_libraries(latchkey_rocksdb INTERFACE RocksDB::rocksdb)
else()
  target_link_libraries(latchkey_rocksdb INTERFACE RocksDB::rocksdb-shared)
endif()
set_target_properties(latchkey_rocksdb PROPERTIES LATCHKEY_LAYER RocksDB)
