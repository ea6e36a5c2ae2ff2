using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Judges a state's type by its JSON metadata and by reflection, when its engine is added: what would not come back from the file is refused
/// by the member's name before any work is done. What depends on values is found by <see cref="StateTrial{TState}"/>.
/// </summary>
internal sealed class StateShape
{
    private const int MostTypes = 2000; // A type may name types without end.
    private const int MostNames = 4096;

    private readonly string where;
    private readonly HashSet<Type> seen = [];
    private readonly Queue<(JsonTypeInfo Type, string Path)> open = [];

    private StateShape(string where) => this.where = where;

    /// <summary>Judges the type and all that it leads to.</summary>
    /// <param name="engineId">Whose state it is.</param>
    /// <param name="root">How the state is written and read.</param>
    /// <exception cref="InvalidInputException">Something of it would be lost.</exception>
    public static void Judge(string engineId, JsonTypeInfo root)
    {
        var shape = new StateShape($"engine \"{engineId}\"");
        shape.Add(root, TypeNames.Of(root.Type));
        while (shape.open.TryDequeue(out (JsonTypeInfo Type, string Path) next) && shape.seen.Count < MostTypes) shape.Judge(next.Type, next.Path);
    }

    private void Add(JsonTypeInfo type, string path)
    {
        if (seen.Add(type.Type)) open.Enqueue((type, path));
    }

    private void Add(Type type, JsonSerializerOptions options, string path)
    {
        if (type == typeof(object) || seen.Contains(type)) return; // What an object holds is seen when it is there.
        try
        {
            Add(options.GetTypeInfo(type), path);
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw Refused(path, $"a {TypeNames.Of(type)} has no JSON metadata: {e.Message}");
        }
    }

    private void Judge(JsonTypeInfo type, string path)
    {
        if (Nullable.GetUnderlyingType(type.Type) is { } inner)
        {
            Add(inner, type.Options, path);
            return;
        }
        if (type.PolymorphismOptions is { } options)
            foreach (JsonDerivedType derived in options.DerivedTypes) Add(derived.DerivedType, type.Options, $"{path} ({TypeNames.Of(derived.DerivedType)})");
        switch (type.Kind)
        {
            case JsonTypeInfoKind.None: JudgeValue(type, path); break;
            case JsonTypeInfoKind.Object: JudgeObject(type, path); break;
            default: JudgeCollection(type, path); break;
        }
    }

    private void JudgeValue(JsonTypeInfo type, string path)
    {
        if (type.Converter.GetType() is { IsGenericType: true, Name: "UnsupportedTypeConverter`1" })
            throw Refused(path, type.Type is { IsArray: true } array && array.GetArrayRank() > 1
                ? $"an array of {array.GetArrayRank()} dimensions cannot be written as JSON. Use an array of arrays."
                : $"a {TypeNames.Of(type.Type)} cannot be written as JSON. Keep what it is made from, such as a name or a number, or mark the member [JsonIgnore].");
        if (type.Converter is IElements elements) Add(elements.Element, type.Options, path + "[]");
        if (type.Type.IsEnum) JudgeNames(type, path);
    }

    /// <summary>Two members may become one when their names are written by a rule.</summary>
    private void JudgeNames(JsonTypeInfo type, string path)
    {
        var known = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (object value in Enum.GetValuesAsUnderlyingType(type.Type).Cast<object>().Distinct().Select(number => Enum.ToObject(type.Type, number)).Take(MostNames))
        {
            string text = JsonSerializer.Serialize(value, type);
            if (!known.TryAdd(text, value))
                throw Refused(path, $"{TypeNames.Of(type.Type)}.{known[text]} and {TypeNames.Of(type.Type)}.{value} are both written as {text}. Give one of them another name by [JsonStringEnumMemberName].");
            object? read = Try(() => JsonSerializer.Deserialize(text, type), path, $"{TypeNames.Of(type.Type)}.{value}, written as {text},");
            if (!value.Equals(read)) throw Refused(path, $"{TypeNames.Of(type.Type)}.{value} is written as {text} and comes back as {read}. Give it another name by [JsonStringEnumMemberName].");
        }
    }

    private void JudgeCollection(JsonTypeInfo type, string path)
    {
        string name = TypeNames.Of(type.Type);
        if (StackConverter.IsStack(type.Type))
            throw Refused(path, $"a {name} would come back turned over. Use a Stack<T>, ConcurrentStack<T> or ImmutableStack<T> with the converters of RoostJson.Default (new JsonSerializerOptions(RoostJson.Default) has them), or a List<T>.");
        if (type.Type.IsGenericType && type.Type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>))
            throw Refused(path, $"a {name} is read once; what it gives cannot be kept. Collect it into a List<T>.");
        if (type.PolymorphismOptions is null)
        {
            try
            {
                JsonSerializer.Deserialize(type.Kind == JsonTypeInfoKind.Dictionary ? "{}" : "[]", type);
            }
            catch (NotSupportedException e)
            {
                throw Refused(path, $"a {name} is written as JSON and cannot be read back: {FirstSentence(e)} Use a List<T>, a Dictionary<TKey, TValue>, or one of their interfaces or immutable kin.");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The type's own code does not like to be empty: that depends on the value.
            }
        }
        if (!JsonMembers.IsForeign(type.Type))
            foreach (MemberInfo extra in OwnMembers(type.Type))
                throw Refused($"{path}.{extra.Name}", $"{name} is a collection, of which JSON keeps the elements alone: {extra.Name} would be lost. Make it an object that has the collection as a member, or mark {extra.Name} [JsonIgnore].");
        if (type.KeyType is { } key) Add(key, type.Options, path + ".Keys");
        if (type.ElementType is { } element) Add(element, type.Options, path + "[]");
    }

    /// <summary>What a collection's own type keeps beside its elements.</summary>
    private static IEnumerable<MemberInfo> OwnMembers(Type type) =>
        JsonMembers.Properties(type).Where(property => !JsonMembers.IsForeign(property.DeclaringType!) && property.GetMethod is { IsPublic: true } && (property.SetMethod is not null || JsonMembers.IsKept(property)) && !JsonMembers.IsIgnored(property))
            .Concat<MemberInfo>(JsonMembers.Fields(type).Where(field => !JsonMembers.IsForeign(field.DeclaringType!) && field.IsPublic && !JsonMembers.IsIgnored(field)));

    private void JudgeObject(JsonTypeInfo type, string path)
    {
        string name = TypeNames.Of(type.Type);
        if (typeof(Exception).IsAssignableFrom(type.Type))
            throw Refused(path, $"a {name} does not come back as what was thrown: its type, stack and inner exceptions are lost. Keep its message and what you need to know of it as text.");
        if (!CanBeMade(type))
        {
            if (type.PolymorphismOptions is { DerivedTypes.Count: > 0 }) return;
            throw Refused(path, type.Type.IsInterface || type.Type.IsAbstract
                ? $"{name} is {(type.Type.IsInterface ? "an interface" : "abstract")}, and its JSON does not say which type to make of it. Put [JsonDerivedType(typeof(...), \"name\")] on it for each, or declare the type itself."
                : $"a {name} can be written as JSON and not made again: it has several constructors, or none that is public. Put [JsonConstructor] on one whose parameters are named like its members, or keep something simpler of it.");
        }
        string[] kept = [.. type.Properties.Where(member => JudgeMember(type, member, path)).Select(member => (member.AttributeProvider as MemberInfo)?.Name ?? member.Name)];
        if (JsonMembers.IsOfFramework(type.Type))
        {
            FieldInfo? lost = JsonMembers.Fields(type.Type).FirstOrDefault(field => !kept.Any(member => IsFieldOf(field.Name, member)));
            if (lost is not null || (kept.Length == 0 && type.Type != typeof(ValueTuple)))
                throw Refused(path, $"a {name} is no data to JSON: not all of it is written and read back. Keep what it is made from in members of your own, or give the options a converter for it.");
            return;
        }
        if (!JsonMembers.IsForeign(type.Type)) JudgeRest(type, path);
        if (kept.Length == 0 && JsonMembers.HasData(type.Type) && type.PolymorphismOptions is not { DerivedTypes.Count: > 0 })
            throw Refused(path, $"{name} has no member that is both written and read back, so it would be stored as {{}} or come back empty. Give it public properties with get and set (or init), or a record's parameters.");
    }

    private static bool CanBeMade(JsonTypeInfo type) =>
        type.CreateObject is not null || type.ConstructorAttributeProvider is not null || type.Properties.Any(member => member.AssociatedParameter is not null);

    /// <summary>A private field that keeps the value of a public member, by the habits of those who write frameworks.</summary>
    private static bool IsFieldOf(string field, string member)
    {
        if (field.Equals(member, StringComparison.OrdinalIgnoreCase)) return true;
        ReadOnlySpan<char> bare = field.StartsWith("m_", StringComparison.Ordinal) ? field.AsSpan(2) : field.AsSpan().TrimStart('_').TrimStart('<');
        int end = bare.IndexOf('>');
        return (end < 0 ? bare : bare[..end]).Equals(member, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>True for a member that is both written and read back; one that is kept and would be lost is refused.</summary>
    private bool JudgeMember(JsonTypeInfo type, JsonPropertyInfo member, string path)
    {
        if (member.Get is null) return false; // Ignored, or never given to anybody.
        var clr = member.AttributeProvider as MemberInfo;
        string here = $"{path}.{clr?.Name ?? member.Name}";
        if (JsonMembers.IsWrittenAndRead(member) || IsPopulated(type, member))
        {
            if (member.CustomConverter is null) Add(member.PropertyType, type.Options, here);
            return true;
        }
        if (JsonMembers.IsForeign(type.Type) || clr is null) return false;
        if (clr is PropertyInfo { SetMethod.IsPublic: false } property)
            throw Refused(here, $"its setter is {Access(property.SetMethod!)}, so it is written and comes back as its default. Make the setter public or init, put [JsonInclude] on it{ForGenerated(type)}, take it as a constructor's parameter, or mark it [JsonIgnore].");
        bool keeps = clr is FieldInfo || (clr is PropertyInfo get && JsonMembers.IsKept(get));
        if (keeps && (IsChangeable(member.PropertyType) || IsParameterOfAnother(type, clr)))
            throw Refused(here, $"it has no setter and is no parameter of the constructor that is used to read it, so it is written and comes back as its initial value. Give it a setter (or init), name a constructor's parameter after it (with [JsonConstructor] where there are several), or mark it [JsonIgnore]; [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)] fills a collection that is there.");
        return false;
    }

    /// <summary>A collection or object that the type makes itself and that is filled when it is read.</summary>
    private static bool IsPopulated(JsonTypeInfo type, JsonPropertyInfo member) =>
        (member.ObjectCreationHandling ?? type.PreferredPropertyObjectCreationHandling ?? type.Options.PreferredObjectCreationHandling) == JsonObjectCreationHandling.Populate
        && IsChangeable(member.PropertyType);

    /// <summary>What can be changed in place; a constant of a type is not.</summary>
    private static bool IsChangeable(Type type) =>
        !type.IsValueType && type != typeof(string) && type.Namespace != "System.Collections.Immutable"
        && (typeof(IList).IsAssignableFrom(type) || typeof(IDictionary).IsAssignableFrom(type)
            || type.GetInterfaces().Append(type).Any(each => each.IsGenericType && each.GetGenericTypeDefinition() is var general && (general == typeof(ICollection<>) || general == typeof(ISet<>)))
            || (!JsonMembers.IsForeign(type) && JsonMembers.Properties(type).Any(property => property.SetMethod is { IsPublic: true } set && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)))));

    private static bool IsParameterOfAnother(JsonTypeInfo type, MemberInfo member) =>
        type.Type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Any(constructor => constructor.GetParameters().Any(parameter => string.Equals(parameter.Name, member.Name, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Members that the JSON metadata does not have at all: fields where the options leave them out, and properties that only the assembly sees.</summary>
    private void JudgeRest(JsonTypeInfo type, string path)
    {
        HashSet<string> named = [.. type.Properties.Select(member => member.AttributeProvider).OfType<MemberInfo>().Select(member => member.Name)];
        foreach (FieldInfo field in JsonMembers.Fields(type.Type))
            if (field.IsPublic && !named.Contains(field.Name) && !JsonMembers.IsIgnored(field) && !JsonMembers.IsForeign(field.DeclaringType!))
                throw Refused($"{path}.{field.Name}", $"it is a field, and the JSON settings leave fields out. Set IncludeFields = true in them{ForGenerated(type, "[JsonSourceGenerationOptions(IncludeFields = true)]")}, put [JsonInclude] on it, make it a property, or mark it [JsonIgnore].");
        foreach (PropertyInfo property in JsonMembers.Properties(type.Type))
            if (property is { GetMethod: { IsAssembly: true } or { IsFamilyOrAssembly: true }, SetMethod: not null } && JsonMembers.IsKept(property) && !named.Contains(property.Name) && !JsonMembers.IsIgnored(property) && !JsonMembers.IsForeign(property.DeclaringType!))
                throw Refused($"{path}.{property.Name}", $"it is internal, and JSON keeps public members alone. Make it public, put [JsonInclude] on it, or mark it [JsonIgnore].");
    }

    private static string ForGenerated(JsonTypeInfo type, string? how = null) =>
        how is null || type.OriginatingResolver is not JsonSerializerContext ? "" : $" (or {how} on {type.OriginatingResolver.GetType().Name})";

    private static string Access(MethodInfo method) => method switch
    {
        { IsPrivate: true } => "private",
        { IsAssembly: true } => "internal",
        { IsFamily: true } => "protected",
        _ => "not public",
    };

    private object? Try(Func<object?> read, string path, string what)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw Refused(path, $"{what} cannot be read back: {e.Message}");
        }
    }

    private static string FirstSentence(Exception e) => e.Message.IndexOf(". ", StringComparison.Ordinal) is var end and > 0 ? e.Message[..(end + 1)] : e.Message;

    private InvalidInputException Refused(string path, string why) => new("state", $"of {where} would not come back from the file as it is: {path}: {why}");
}
