# a project names libraries over datafusion-ffi; what does not fit is told with its place
$ cp "$PN_BUILD_DIR/tests/plugins/foreign.so" lib.so
$ printf 'version: 1\nfunctions:\n  libraries:\n    - path: lib.so\n' > pinion.yaml
$ FOREIGN=major pinion check
! pinion: pinion.yaml:4: functions.libraries: library 'lib.so' was built for DataFusion 54, this engine is DataFusion 55 [PN5214]
! hint: …
[exit 3]
$ FOREIGN=size pinion check
! pinion: pinion.yaml:4: functions.libraries: library 'lib.so' hands over a table of 8 bytes, at least 24 are needed [PN5214]
! hint: …
[exit 3]
$ FOREIGN=refuses pinion run -c 'select 1'
! pinion: pinion.yaml:4: functions.libraries: library 'lib.so' refused to load [PN5214]
! hint: …
[exit 3]

# one that is not there, and one that is another than was pinned; neither is looked for elsewhere
$ mkdir libs && cp "$PN_BUILD_DIR/tests/plugins/foreign.so" libs/lib.so
$ printf 'version: 1\nfunctions:\n  libraries:\n    - path: lib.so\n' > pinion.yaml
$ LD_LIBRARY_PATH=$PWD/libs PATH=$PATH:$PWD/libs pinion check
! pinion: pinion.yaml:4: functions.libraries: opening '$DIR/lib.so': No such file or directory [PN1007]
! hint: …
[exit 2]
$ sed -i 's|path: lib.so|{path: libs/lib.so, sha256: '"$(printf '%064d' 0)"'}|' pinion.yaml
$ FOREIGN=kind pinion check
! pinion: pinion.yaml:4: functions.libraries: library '$DIR/libs/lib.so' has the digest …, not 000000000000 [PN5005]
! hint: …
[exit 1]
$ sed -i "s|sha256: 0*|sha256: $(sha256sum < libs/lib.so | cut -c1-64)|" pinion.yaml
$ FOREIGN=kind pinion check
! pinion: pinion.yaml:4: functions.libraries: library 'lib.so' hands over object 1 of the unknown kind 77 [PN5214]
! hint: …
[exit 3]

# what is wrong in the file is said before anything is loaded
$ printf 'version: 1\nfunctions:\n  libraries:\n    - {sha256: 00}\n' > pinion.yaml
$ pinion check
! pinion: …pinion.yaml:4: sha256 '00' is not 64 lower-case hex digits [PN8002]
! …
[exit 2]
$ printf 'version: 1\nfunctions:\n  libraries:\n    - {}\n' > pinion.yaml
$ pinion check
! pinion: …pinion.yaml:4: a library needs a path [PN8002]
! …
[exit 2]
$ printf 'version: 1\nfunctions:\n  library: [a.so]\n' > pinion.yaml
$ pinion check
! pinion: …pinion.yaml:3: unknown key 'library' in functions [PN8002]
! …
[exit 2]
