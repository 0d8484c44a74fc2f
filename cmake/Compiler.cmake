# Warnings are errors; hardening always; sanitizers and LTO by option.
add_library(ucorn_flags INTERFACE)
target_compile_options(ucorn_flags INTERFACE
	-Wall -Wextra -Wconversion -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wvla -Wformat=2 -Wundef -Werror
	-fno-strict-aliasing -fstack-protector-strong
	# WSGI's word is environ; clang alone minds that libc has a variable of that name.
	$<$<C_COMPILER_ID:GNU>:-Wshadow>)
target_compile_definitions(ucorn_flags INTERFACE
	_GNU_SOURCE UCORN_VERSION="${PROJECT_VERSION}")
target_link_options(ucorn_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)

if(UCORN_SANITIZE)
	target_compile_options(ucorn_flags INTERFACE
		-fsanitize=${UCORN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(ucorn_flags INTERFACE -fsanitize=${UCORN_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
	target_compile_definitions(ucorn_flags INTERFACE _FORTIFY_SOURCE=2)
endif()

if(UCORN_FUZZERS)
	target_compile_options(ucorn_flags INTERFACE -fsanitize=fuzzer-no-link)
	target_link_options(ucorn_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(UCORN_LTO)
	set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

# ucorn_link_quickly(TARGET): without LTO.  To optimise all layers anew for each of many small
# programs would be most of what the build takes.
if(UCORN_LTO AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
	# Comes behind CMake's own -fno-fat-lto-objects.
	target_compile_options(ucorn_flags INTERFACE -ffat-lto-objects)
	function(ucorn_link_quickly target)
		set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
		target_link_options(${target} PRIVATE -fno-lto)
	endfunction()
else() # its objects are for one way only
	function(ucorn_link_quickly target)
	endfunction()
endif()
