// SPDX-License-Identifier: MIT

// dwarf_truth prints what Go's own debug/dwarf finds in a Go program, in the words of dwarf_ask:
// all variables, constants, types and members, one to a line.
package main

import (
	"bufio"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
)

var out = bufio.NewWriter(os.Stdout)

// shape is the size of a type and, of an array, the number of its elements.
func shape(t dwarf.Type) (size, elements int64) {
	for {
		typedef, ok := t.(*dwarf.TypedefType)
		if !ok {
			break
		}
		t = typedef.Type
	}
	switch t := t.(type) {
	case *dwarf.ArrayType:
		return t.ByteSize, t.Count
	case *dwarf.PtrType, *dwarf.FuncType:
		return 8, -1
	case *dwarf.StructType:
		return t.ByteSize, -1
	case *dwarf.UnspecifiedType, *dwarf.UnsupportedType, *dwarf.VoidType, nil:
		return -1, -1
	}
	return t.Size(), -1
}

func structOf(t dwarf.Type) *dwarf.StructType {
	for {
		switch u := t.(type) {
		case *dwarf.TypedefType:
			t = u.Type
		case *dwarf.StructType:
			return u
		default:
			return nil
		}
	}
}

func line(kind, name, path string, value, size, elements int64) {
	if strings.ContainsAny(name+path, "|\t\n") {
		return
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%d\t%d\n", kind, name, path, value, size, elements)
}

func members(name, prefix string, offset int64, s *dwarf.StructType, depth int) {
	seen := map[string]bool{}
	for _, field := range s.Field {
		// Names with dots cannot be asked for, nor the second of several blank ones.
		if strings.Contains(field.Name, ".") || seen[field.Name] {
			continue
		}
		seen[field.Name] = true
		size, elements := shape(field.Type)
		line("member", name, prefix+field.Name, offset+field.ByteOffset, size, elements)
		if inner := structOf(field.Type); inner != nil && depth < 3 {
			members(name, prefix+field.Name+".", offset+field.ByteOffset, inner, depth+1)
		}
	}
}

func main() {
	file, err := elf.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	data, err := file.DWARF()
	if err != nil {
		panic(err)
	}
	reader := data.Reader()
	unit := ""
	seen := map[string]bool{}
	for {
		entry, err := reader.Next()
		if err != nil {
			panic(err)
		}
		if entry == nil {
			break
		}
		if entry.Tag == dwarf.TagCompileUnit {
			unit, _ = entry.Val(dwarf.AttrName).(string)
			if entry.Val(dwarf.AttrLanguage) != int64(22) {
				reader.SkipChildren()
			}
			continue
		}
		reader.SkipChildren()
		name, _ := entry.Val(dwarf.AttrName).(string)
		var kind string
		switch entry.Tag {
		case dwarf.TagVariable:
			kind = "variable"
		case dwarf.TagConstant:
			kind = "constant"
		case dwarf.TagStructType, dwarf.TagTypedef, dwarf.TagBaseType, dwarf.TagArrayType, dwarf.TagPointerType:
			kind = "member"
		}
		// Where a name stands twice the first is taken (a named type is a typedef, then a struct).
		if kind == "" || name == "" || seen[kind+name] {
			continue
		}
		switch kind {
		case "constant":
			value, ok := entry.Val(dwarf.AttrConstValue).(int64)
			if !ok {
				continue
			}
			line(kind, name, "", value, -1, -1)
		case "variable":
			// debug_info.h: those that runtime/cgo makes in the name of others are not found.
			if unit == "runtime/cgo" && !strings.HasPrefix(name, "runtime/cgo.") {
				continue
			}
			location, _ := entry.Val(dwarf.AttrLocation).([]byte)
			if len(location) != 9 || location[0] != 3 {
				continue
			}
			reference, _ := entry.Val(dwarf.AttrType).(dwarf.Offset)
			t, err := data.Type(reference)
			if err != nil {
				panic(err)
			}
			size, elements := shape(t)
			line(kind, name, "", int64(binary.LittleEndian.Uint64(location[1:])), size, elements)
		case "member":
			t, err := data.Type(entry.Offset)
			if err != nil {
				panic(err)
			}
			size, elements := shape(t)
			line(kind, name, "", 0, size, elements)
			if s := structOf(t); s != nil {
				members(name, "", 0, s, 1)
			}
		}
		seen[kind+name] = true
	}
	out.Flush()
}
