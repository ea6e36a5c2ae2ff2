using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

// Usage: PublicDocs assembly documentation result. Writes what the documentation says of what other assemblies can see: the compiler documents internals too.
using var file = new PEReader(File.OpenRead(args[0]));
MetadataReader metadata = file.GetMetadataReader();
var seen = new HashSet<string>(StringComparer.Ordinal);
foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(IsSeen))
{
    string name = NameOf(type);
    seen.Add($"T:{name}");
    foreach (MethodDefinition method in type.GetMethods().Select(metadata.GetMethodDefinition).Where(method => IsSeenMember((int)method.Attributes)))
        seen.Add(
            KeyOf(
                $"M:{name}.{metadata.GetString(method.Name).Replace('.', '#')}",
                method.GetParameters().Count(each => metadata.GetParameter(each).SequenceNumber > 0)
            )
        );
    foreach (FieldDefinition field in type.GetFields().Select(metadata.GetFieldDefinition).Where(field => IsSeenMember((int)field.Attributes)))
        seen.Add($"F:{name}.{metadata.GetString(field.Name)}");
    foreach (PropertyDefinition property in type.GetProperties().Select(metadata.GetPropertyDefinition))
        if (IsSeenAccessor(property.GetAccessors().Getter) || IsSeenAccessor(property.GetAccessors().Setter))
            seen.Add($"P:{name}.{metadata.GetString(property.Name)}");
    foreach (EventDefinition @event in type.GetEvents().Select(metadata.GetEventDefinition))
        if (IsSeenAccessor(@event.GetAccessors().Adder))
            seen.Add($"E:{name}.{metadata.GetString(@event.Name)}");
}

XDocument documentation = XDocument.Load(args[1], LoadOptions.PreserveWhitespace);
XElement[] members = [.. documentation.Root!.Element("members")!.Elements("member")];
foreach (XElement member in members.Where(member => !seen.Contains(KeyOfDocumented(member.Attribute("name")!.Value))))
{
    if (member.PreviousNode is XText space) space.Remove();
    member.Remove();
}
Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(args[2]))!);
documentation.Save(args[2], SaveOptions.DisableFormatting);
return members.Length > 0 && seen.Count > 0 ? 0 : 1;

bool IsSeen(TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
{
    TypeAttributes.Public => true,
    TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem => IsSeen(
        metadata.GetTypeDefinition(type.GetDeclaringType())
    ),
    _ => false,
};

// The bits are the same for methods and fields.
static bool IsSeenMember(int attributes) => (MethodAttributes)attributes is var all
    && (all & MethodAttributes.MemberAccessMask) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;

bool IsSeenAccessor(MethodDefinitionHandle handle) => !handle.IsNil && IsSeenMember((int)metadata.GetMethodDefinition(handle).Attributes);

string NameOf(TypeDefinition type)
{
    string name = metadata.GetString(type.Name);
    if (type.IsNested) return $"{NameOf(metadata.GetTypeDefinition(type.GetDeclaringType()))}.{name}";
    string space = metadata.GetString(type.Namespace);
    return space.Length == 0 ? name : $"{space}.{name}";
}

// Overloads are told apart by how many parameters they have.
static string KeyOf(string name, int parameters) => $"{name}/{parameters}";

static string KeyOfDocumented(string id)
{
    int open = id.IndexOf('(', StringComparison.Ordinal);
    string name = open < 0 ? id : id[..open];
    if (id[0] == 'P') return name;
    if (id[0] != 'M') return id;
    int generic = name.IndexOf("``", StringComparison.Ordinal);
    if (generic > 0) name = name[..generic];
    if (open < 0) return KeyOf(name, 0);
    int depth = 0, count = 1;
    foreach (char letter in id.AsSpan(open + 1))
    {
        depth += letter is '{' or '[' or '(' ? 1 : letter is '}' or ']' or ')' ? -1 : 0;
        if (letter == ',' && depth == 0) count++;
    }
    return KeyOf(name, count);
}
