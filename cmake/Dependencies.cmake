# libev, http-parser and the Python that is embedded, each as one imported target.
# Python is the interpreter of Python3_EXECUTABLE, by default Debian's: another
# python3 may stand first on PATH.

find_path(EV_INCLUDE ev.h REQUIRED)
# The archive, whose names stay in the program: gevent's wheels bring a libev of their own, and
# would be bound to a shared one of ours, whose structs are laid out in another way.
find_library(EV_LIBRARY NAMES libev.a ev REQUIRED)
add_library(dep_ev_headers INTERFACE)
target_include_directories(dep_ev_headers SYSTEM INTERFACE ${EV_INCLUDE})
add_library(dep_ev INTERFACE)
target_link_libraries(dep_ev INTERFACE dep_ev_headers ${EV_LIBRARY})

find_path(HTTP_PARSER_INCLUDE http_parser.h REQUIRED)
find_library(HTTP_PARSER_LIBRARY http_parser REQUIRED)
add_library(dep_http_parser INTERFACE)
target_include_directories(dep_http_parser SYSTEM INTERFACE ${HTTP_PARSER_INCLUDE})
target_link_libraries(dep_http_parser INTERFACE ${HTTP_PARSER_LIBRARY})

set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "the interpreter whose library is embedded")

# What to ask of sysconfig; the debug build answers through its own interpreter.
set(UCORN_PYTHON ${Python3_EXECUTABLE})
if(UCORN_PYDEBUG)
	set(UCORN_PYTHON ${Python3_EXECUTABLE}-dbg)
endif()

function(ucorn_python expression result)
	execute_process(COMMAND ${UCORN_PYTHON} -c "import sys, sysconfig; print(${expression})"
		OUTPUT_VARIABLE out OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
	set(${result} "${out}" PARENT_SCOPE)
endfunction()

ucorn_python("sysconfig.get_path('include')" PYTHON_INCLUDE)
ucorn_python("sysconfig.get_config_var('LIBDIR')" PYTHON_LIBDIR)
ucorn_python("sysconfig.get_config_var('LDLIBRARY')" PYTHON_LDLIBRARY)
ucorn_python("sys.base_prefix" PYTHON_PREFIX)
ucorn_python("'%d.%d' % sys.version_info[:2]" PYTHON_MINOR)
ucorn_python("__import__('os').path.realpath(sys.executable)" PYTHON_PROGRAM)
ucorn_python("'libpython' in open('/proc/self/maps').read()" PYTHON_USES_LIBRARY)
if(NOT PYTHON_LDLIBRARY MATCHES "\\.so")
	message(FATAL_ERROR "${UCORN_PYTHON} has no shared library to embed: it was built without "
		"--enable-shared (pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install VERSION)")
endif()
# Below the prefix first: LIBDIR is where Python was built for, and it may have been moved.
find_library(PYTHON_LIBRARY ${PYTHON_LDLIBRARY} HINTS ${PYTHON_PREFIX}/lib ${PYTHON_LIBDIR} REQUIRED)
message(STATUS "embedding Python ${PYTHON_MINOR}: ${PYTHON_LIBRARY}")

# Headers only for those who may see them; the library for the whole program.
add_library(dep_python_headers INTERFACE)
target_include_directories(dep_python_headers SYSTEM INTERFACE ${PYTHON_INCLUDE})
target_compile_definitions(dep_python_headers INTERFACE UCORN_PYTHON_EXECUTABLE="${UCORN_PYTHON}")
if(UCORN_PYDEBUG)
	target_compile_definitions(dep_python_headers INTERFACE UCORN_PYDEBUG)
endif()
if(UCORN_PYDEBUG AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
	# Debian's debug headers are links into the ordinary ones, beside a pyconfig.h of
	# their own; gcc would follow the links first and then take the wrong pyconfig.h.
	target_compile_options(dep_python_headers INTERFACE -fno-canonical-system-headers)
endif()
add_library(dep_python INTERFACE)
target_link_libraries(dep_python INTERFACE ${PYTHON_LIBRARY})

# An installed program finds the library, too, where the linker would not look for it.  There is
# no such path in it for the system's own.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
