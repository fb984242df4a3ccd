# stampede_embed(<target> <name> <root folder> <files...>): puts files into the binary (assembler's
# .incbin: no copy at build, no parsing) and makes the header "embedded/<name>.h" for <target>:
#   namespace stampede::embedded { std::span<const File> <name>(); }
# with each file's path below the root folder and its bytes.
function(stampede_embed target name root)
  set(files ${ARGN})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  set(assembly ".section .rodata\n")
  set(declarations "")
  set(rows "")
  set(index 0)
  foreach(file IN LISTS files)
    file(RELATIVE_PATH path ${root} ${file})
    set(symbol stampede_embedded_${name}_${index})
    string(APPEND assembly
           ".global ${symbol}\n${symbol}:\n.incbin \"${file}\"\n"
           ".global ${symbol}_end\n${symbol}_end:\n.byte 0\n")
    string(APPEND declarations "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
    string(APPEND rows "    {\"${path}\", {${symbol}, ${symbol}_end}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly ".section .note.GNU-stack,\"\",@progbits\n")
  file(CONFIGURE OUTPUT ${folder}/${name}.S CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT ${folder}/embedded/${name}.h @ONLY CONTENT
"#pragma once

#include <span>
#include <string_view>

namespace stampede::embedded {
#ifndef STAMPEDE_EMBEDDED_FILE
#define STAMPEDE_EMBEDDED_FILE
struct File {
  std::string_view path;
  std::string_view bytes;
};
#endif
/// The files below ${name}/, in no particular order. They live as long as the process.
std::span<const File> ${name}();
}  // namespace stampede::embedded
")
  file(CONFIGURE OUTPUT ${folder}/${name}.cc @ONLY CONTENT
"#include \"embedded/${name}.h\"

extern \"C\" {
${declarations}}

namespace stampede::embedded {
std::span<const File> ${name}() {
  static const File files[] = {
${rows}  };
  return files;
}
}  // namespace stampede::embedded
")
  set_source_files_properties(${folder}/${name}.S PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${folder}/${name}.S ${folder}/${name}.cc)
  target_include_directories(${target} PUBLIC ${folder})
endfunction()
