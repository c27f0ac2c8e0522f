#!/bin/sh
# Writes the assembler file behind embedded.h: embed.sh TABLE DIRECTORY FILE... (files below DIRECTORY, sorted, by which they are named).
# Assembler because .incbin keeps the bytes read-only and needs no quoting, whatever is in them.
set -eu

table=$1
directory=$2
shift 2

echo '.section .rodata'
number=0
for file in "$@"; do
    printf 'name_%d: .asciz "%s"\n' "$number" "${file#"$directory"/}"
    printf 'start_%d: .incbin "%s"\nend_%d: .byte 0\n' "$number" "$file" "$number"
    number=$((number + 1))
done

# Pointers are relocated when the program is loaded, and read-only after that.
printf '.section .data.rel.ro, "aw"\n.balign 16\n.globl %s\n.type %s, %%object\n%s:\n' "$table" "$table" "$table"
index=0
while [ "$index" -lt "$number" ]; do
    printf '.dc.a name_%d, start_%d, end_%d\n' "$index" "$index" "$index"
    index=$((index + 1))
done
printf '.size %s, . - %s\n' "$table" "$table"

printf '.section .rodata\n.balign 16\n.globl %s_count\n.type %s_count, %%object\n' "$table" "$table"
printf '%s_count: .dc.a %d\n.size %s_count, . - %s_count\n' "$table" "$number" "$table" "$table"
echo '.section .note.GNU-stack, "", %progbits'
