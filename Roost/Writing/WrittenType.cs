using System.Collections.Concurrent;
using System.Collections.Specialized;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// How values of one type are written where nothing but the value is known: a payload, a raw state, event data, an artifact. What is written
/// must say all of it; whether it can be read back as that type is up to who reads it.
/// </summary>
internal sealed class WrittenType
{
    private const int MostTypes = 2000;

    private static readonly ConditionalWeakTable<JsonSerializerOptions, ConcurrentDictionary<Type, WrittenType>> Known = [];
    private static readonly ConditionalWeakTable<JsonTypeInfo, WrittenType> Given = [];

    private readonly string? refusal;
    private readonly KindsSeen kinds;

    private WrittenType(JsonTypeInfo type)
    {
        type.MakeReadOnly();
        As = type;
        refusal = WhyNot(type);
        kinds = new(type);
    }

    /// <summary>Why a value of the type is not written whole; null where it may be.</summary>
    public string? Refusal => refusal;

    /// <summary>What the serializer has to take the value for: the base that says by which name its types are told apart, else the type itself.</summary>
    public JsonTypeInfo As { get; }

    public static WrittenType Of(Type type, JsonSerializerOptions options)
    {
        ConcurrentDictionary<Type, WrittenType> known = Known.GetValue(options, static _ => new());
        return known.TryGetValue(type, out WrittenType? there)
            ? there
            : known.GetOrAdd(type, new WrittenType(PlainJson.TypeOf(BaseOf(type, options) ?? type, options)));
    }

    /// <summary>For values that are given with this metadata.</summary>
    public static WrittenType Of(JsonTypeInfo type) => Given.GetValue(type, static its => new(its));

    /// <summary>Refuses what would not be written whole: by the type, and by what it holds where that is of a kind that none before it was.</summary>
    public void Check(string field, object value, int bytes)
    {
        if (refusal is not null) throw new InvalidInputException(field, refusal);
        if (!kinds.IsNew(value, bytes)) return;
        try
        {
            new WrittenValue(As.Options).Look(As, value, TypeNames.Of(value.GetType()));
        }
        catch (LostException lost)
        {
            throw new InvalidInputException(field, lost.Message);
        }
        kinds.Add(value, bytes);
    }

    /// <summary>The most general class, else interface, that names the type among those that derive from it.</summary>
    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2070",
        Justification = "An interface that metadata was asked for is named by its attributes; where it was removed, the type is written as itself."
    )]
    private static Type? BaseOf(Type type, JsonSerializerOptions options)
    {
        Type? found = null;
        for (Type? each = type.BaseType; each is not null && each != typeof(object) && each != typeof(ValueType); each = each.BaseType)
            if (Names(each, type, options)) found = each;
        return found ?? (JsonMembers.IsOfFramework(type) ? null : type.GetInterfaces().FirstOrDefault(each => Names(each, type, options)));
    }

    private static bool Names(Type general, Type type, JsonSerializerOptions options) =>
        !JsonMembers.IsOfFramework(general)
        && options.TryGetTypeInfo(general, out JsonTypeInfo? info)
        && info.PolymorphismOptions is { } known
        && known.DerivedTypes.Any(each => each.DerivedType == type);

    private static string? WhyNot(JsonTypeInfo root)
    {
        try
        {
            return Judge(root);
        }
        catch (LostException lost)
        {
            return lost.Told;
        }
    }

    private static string? Judge(JsonTypeInfo root)
    {
        var seen = new HashSet<Type>();
        var open = new Queue<(JsonTypeInfo Type, string Path)>();
        Add(root, TypeNames.Of(root.Type));
        while (open.TryDequeue(out (JsonTypeInfo Type, string Path) next) && seen.Count < MostTypes)
        {
            JsonTypeInfo type = next.Type;
            if (Nullable.GetUnderlyingType(type.Type) is { } inner) AddType(inner, next.Path);
            else if (type.Type.IsEnum) EnumNames.Judge(type, next.Path);
            else if (type.Kind == JsonTypeInfoKind.Object && JudgeObject(type, next.Path) is { } refusal) return refusal;
            if (JudgeCollection(type, next.Path) is { } refused) return refused;
            if (JsonMembers.ElementOf(type) is { } element) AddType(element, next.Path + "[]");
            if (type.Kind == JsonTypeInfoKind.Object)
                foreach (JsonPropertyInfo member in type.Properties)
                    if (member is { Get: not null, CustomConverter: null }) AddType(member.PropertyType, $"{next.Path}.{member.Name}");
            if (type.PolymorphismOptions is { } options)
                foreach (var derived in options.DerivedTypes) AddType(derived.DerivedType, $"{next.Path} ({TypeNames.Of(derived.DerivedType)})");
        }
        return null;

        void Add(JsonTypeInfo type, string path)
        {
            if (seen.Add(type.Type)) open.Enqueue((type, path));
        }

        void AddType(Type type, string path)
        {
            if (type != typeof(object) && !seen.Contains(type) && root.Options.TryGetTypeInfo(type, out JsonTypeInfo? info)) Add(info, path);
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = JsonMembers.Named)]
    private static string? JudgeCollection(JsonTypeInfo type, string path)
    {
        if (JsonMembers.IsOfItself(type))
            return $"{path} would be written as empty lists: {TypeNames.A(type.Type)} is a collection of nothing but itself. Give its text by " +
                $"WorkItem.FromJson, or a JsonNode.";
        if (typeof(NameObjectCollectionBase).IsAssignableFrom(type.Type))
            return $"{path} would be written as its keys alone. Give a dictionary.";
        return type
            .Type.GetInterfaces()
            .Append(type.Type)
            .Any(each =>
                each.IsGenericType && each.GetGenericTypeDefinition() is var general && (general == typeof(ILookup<,>) || general == typeof(IGrouping<,>))
            )
            ? $"{path} would be written without its keys. Give a dictionary, by ToDictionary(group => group.Key, group => group.ToList())."
            : null;
    }

    private static string? JudgeObject(JsonTypeInfo type, string path)
    {
        if (typeof(Exception).IsAssignableFrom(type.Type))
            return $"{path} would not be written as what was thrown: its type and the inner exceptions' are lost. Give its message, or ToString().";
        if (type.Type.IsGenericType && type.Type.GetGenericTypeDefinition() == typeof(PriorityQueue<,>))
            return $"{path} would be written by its count alone and without its elements in their order. Give UnorderedItems as a list, or sort them.";
        if (
            JsonMembers.IsForeign(type.Type)
            && type.Type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) != true
            && type.Type.Namespace != "System.Numerics"
        )
            return
                JsonMembers.IsOfFramework(type.Type)
                && !type.Type.IsInterface
                && !type.Type.IsAbstract
                && JsonMembers.LosesField(type.Type, type.Properties.Where(member => member.Get is not null))
                ? $"{path} would not be written whole: {TypeNames.A(type.Type)} is no data to JSON. Give what it is made from, such as a text or a number."
                : null;
        HashSet<string> named = [.. type.Properties.Select(member => member.AttributeProvider).OfType<MemberInfo>().Select(member => member.Name)];
        FieldInfo? field = JsonMembers
            .Fields(type.Type)
            .FirstOrDefault(field => field.IsPublic && !named.Contains(field.Name) && !JsonMembers.IsIgnored(field));
        if (field is not null)
            return $"{path}.{field.Name} would not be written: it is a field, and the JSON settings leave fields out. Set IncludeFields = true in " +
                $"RoostOptions.Json, make it a property, or mark it [JsonIgnore].";
        return
            type.Properties.Any(member => member.Get is not null)
            || type.PolymorphismOptions is not null
            || type.Type.IsInterface
            || type.Type.IsAbstract
            || !JsonMembers.HasData(type.Type)
            ? null
            : $"{path} would be written as {{}}: it has no public member that JSON writes. Give it public properties, or give JSON instead.";
    }
}
