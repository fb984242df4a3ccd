# The test `format`: every source is laid out as .clang-format says. Run by:
# cmake -D SOURCE_DIR=<checkout> -D CLANG_FORMAT=<program> -P cmake/check_format.cmake
file(GLOB_RECURSE files RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/src/*.h ${SOURCE_DIR}/src/*.cc
     ${SOURCE_DIR}/tests/*.h ${SOURCE_DIR}/tests/*.cc ${SOURCE_DIR}/bench/*.h ${SOURCE_DIR}/bench/*.cc)
list(LENGTH files count)
if(count EQUAL 0)
  message(FATAL_ERROR "no sources below ${SOURCE_DIR}")
endif()
execute_process(COMMAND ${CLANG_FORMAT} --dry-run --Werror ${files} WORKING_DIRECTORY ${SOURCE_DIR}
                RESULT_VARIABLE status ERROR_VARIABLE words)
if(NOT status EQUAL 0)
  string(REGEX MATCHALL "[^\n]*error:" places "${words}")
  list(TRANSFORM places REPLACE ":.*" "")
  list(REMOVE_DUPLICATES places)
  list(JOIN places "\n  " text)
  message(FATAL_ERROR "Not as .clang-format says (${CLANG_FORMAT} -i would mend it):\n  ${text}\n")
endif()
message("${count} files are as .clang-format says")
