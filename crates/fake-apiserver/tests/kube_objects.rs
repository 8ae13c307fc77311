//! kube-rs reads and writes objects as it would on a real API server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a test should stop it"
)]

mod fixture;

use fixture::{Widget, server, widget, within};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Event as CoreEvent, Namespace, ObjectReference, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions,
};
use kube::core::Status;
use kube::discovery::{Discovery, Scope};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::finalizer::{Event as Finalizer, finalizer};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Client, CustomResourceExt, Error, ResourceExt};
use serde_json::json;

fn status(error: Error) -> Box<Status> {
    match error {
        Error::Api(status) => status,
        other => panic!("not an answer of the API server: {other}"),
    }
}

#[tokio::test]
async fn create_get_replace_list_delete() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let created = widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    assert_eq!((created.metadata.generation, created.uid().is_some()), (Some(1), true));

    let mut changed = widgets.get("a").await.unwrap();
    changed.spec.size = 2;
    let replaced = widgets.replace("a", &PostParams::default(), &changed).await.unwrap();
    assert_eq!((replaced.spec.size, replaced.metadata.generation), (2, Some(2)));

    let stale = status(widgets.replace("a", &PostParams::default(), &changed).await.unwrap_err());
    assert_eq!((stale.code, stale.reason.as_str()), (409, "Conflict"));
    let twice = status(widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap_err());
    assert_eq!((twice.code, twice.reason.as_str()), (409, "AlreadyExists"));

    widgets.create(&PostParams::default(), &widget("b", 1)).await.unwrap();
    let all = widgets.list(&ListParams::default()).await.unwrap();
    assert_eq!(all.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(all.metadata.resource_version, widgets.get("b").await.unwrap().resource_version());

    assert!(widgets.delete("a", &DeleteParams::default()).await.unwrap().is_right(), "it is gone at once");
    assert!(widgets.get_opt("a").await.unwrap().is_none());
    let missing = status(widgets.delete("a", &DeleteParams::default()).await.unwrap_err());
    assert_eq!((missing.code, missing.reason.as_str()), (404, "NotFound"));
}

#[tokio::test]
async fn server_side_apply_owns_fields_and_refuses_conflicts() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let config = |size: u32| json!({"apiVersion": "fixture.dev/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": size}});
    let (one, two) = (PatchParams::apply("one"), PatchParams::apply("two"));
    let created = widgets.patch("a", &one, &Patch::Apply(config(1))).await.unwrap();
    assert_eq!(created.managed_fields()[0].manager.as_deref(), Some("one"));

    let conflict = status(widgets.patch("a", &two, &Patch::Apply(config(2))).await.unwrap_err());
    assert_eq!((conflict.code, conflict.reason.as_str()), (409, "Conflict"));
    assert_eq!(conflict.message, "Apply failed with 1 conflict: conflict with \"one\": .spec.size");
    let causes = &conflict.details.unwrap().causes;
    assert_eq!((causes[0].field.as_str(), causes[0].reason.as_str()), (".spec.size", "FieldManagerConflict"));

    let forced = widgets.patch("a", &two.clone().force(), &Patch::Apply(config(2))).await.unwrap();
    assert_eq!((forced.spec.size, forced.managed_fields().len()), (2, 1));
    let dry = widgets.patch("a", &two.clone().dry_run(), &Patch::Apply(config(3))).await.unwrap();
    assert_eq!(dry.spec.size, 3);
    assert_eq!(widgets.get("a").await.unwrap().spec.size, 2, "a dry run stores nothing");

    let again = widgets.patch("a", &two, &Patch::Apply(config(2))).await.unwrap();
    assert_eq!(again.resource_version(), forced.resource_version(), "applying the same changes nothing");
}

#[tokio::test]
async fn status_is_written_on_its_own() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let ignored = json!({
        "apiVersion": "fixture.dev/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 1},
        "status": {"phase": "ignored"},
    });
    let created = widgets.patch("a", &PatchParams::apply("spec"), &Patch::Apply(&ignored)).await.unwrap();
    assert_eq!(created.status, None);

    let condition = |kind: &str, value: &str| {
        json!({
            "apiVersion": "fixture.dev/v1", "kind": "Widget", "metadata": {"name": "a"},
            "status": {"conditions": [{"type": kind, "status": value}]},
        })
    };
    let writer = |name: &str| PatchParams::apply(name).force();
    widgets.patch_status("a", &writer("x"), &Patch::Apply(condition("Ready", "True"))).await.unwrap();
    let both =
        widgets.patch_status("a", &writer("y"), &Patch::Apply(condition("Other", "False"))).await.unwrap();
    let conditions = both.status.clone().unwrap().conditions;
    assert_eq!(conditions.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(), ["Ready", "Other"]);
    assert_eq!(both.metadata.generation, Some(1), "a status does not count as a new generation");

    let merge = Patch::Merge(json!({"spec": {"size": 9}, "status": {"phase": "done"}}));
    let merged = widgets.patch_status("a", &PatchParams::default(), &merge).await.unwrap();
    assert_eq!((merged.spec.size, merged.status.unwrap().phase.as_deref()), (1, Some("done")));

    // The same manager may apply both parts without losing either.
    let spec = json!({
        "apiVersion": "fixture.dev/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 4},
    });
    let applied = widgets.patch("a", &writer("x"), &Patch::Apply(&spec)).await.unwrap();
    assert_eq!((applied.spec.size, applied.status.unwrap().conditions.len()), (4, 2));
}

#[tokio::test]
async fn the_schema_is_enforced() {
    let (_server, client) = server().await;
    let resource = Widget::api_resource();
    let widgets: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let wrong = DynamicObject::new("a", &resource).data(json!({"spec": {"size": "large"}}));
    let refused = status(widgets.create(&PostParams::default(), &wrong).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (422, "Invalid"));
    assert_eq!(refused.details.unwrap().causes[0].field, "spec.size");

    let unknown = DynamicObject::new("a", &resource).data(json!({"spec": {"size": 1, "colour": "red"}}));
    let created = widgets.create(&PostParams::default(), &unknown).await.unwrap();
    assert_eq!(created.data, json!({"spec": {"size": 1}}), "unknown fields are pruned");
}

#[tokio::test]
async fn finalizers_hold_an_object_until_they_are_gone() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let created = widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let seen = |event: Finalizer<Widget>| async move {
        let cleanup = matches!(event, Finalizer::Cleanup(_));
        Ok::<_, Error>(if cleanup {
            kube::runtime::controller::Action::await_change()
        } else {
            kube::runtime::controller::Action::requeue(std::time::Duration::from_secs(60))
        })
    };
    finalizer(&widgets, "fixture.dev/cleanup", created.into(), seen).await.unwrap();
    let held = widgets.get("a").await.unwrap();
    assert_eq!(held.finalizers(), ["fixture.dev/cleanup"]);

    let waiting = widgets.delete("a", &DeleteParams::default()).await.unwrap().left().unwrap();
    assert!(waiting.metadata.deletion_timestamp.is_some());
    let added =
        Patch::Merge(json!({"metadata": {"finalizers": ["fixture.dev/cleanup", "fixture.dev/late"]}}));
    let refused = widgets.patch("a", &PatchParams::default(), &added).await.unwrap_err();
    assert_eq!(status(refused).code, 422, "no finalizer is added during deletion");

    let marked = widgets.get("a").await.unwrap();
    finalizer(&widgets, "fixture.dev/cleanup", marked.into(), seen).await.unwrap();
    assert!(widgets.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn preconditions_and_no_ops() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    let created = widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let before = server.revision();
    let same = Patch::Merge(json!({"spec": {"size": 1}}));
    let patched = widgets.patch("a", &PatchParams::default(), &same).await.unwrap();
    widgets.replace("a", &PostParams::default(), &patched).await.unwrap();
    assert_eq!(server.revision(), before, "writing what is there writes nothing");

    let other = Preconditions { uid: Some("other".to_owned()), resource_version: None };
    let refused = widgets.delete("a", &DeleteParams::default().preconditions(other)).await.unwrap_err();
    assert_eq!(status(refused).code, 409);
    let right = Preconditions { uid: created.uid(), resource_version: created.resource_version() };
    widgets.delete("a", &DeleteParams::default().preconditions(right)).await.unwrap();
}

#[tokio::test]
async fn secrets_hide_their_plain_text() {
    let (_server, client) = server().await;
    let secrets: Api<Secret> = Api::default_namespaced(client);
    let secret = Secret {
        metadata: kube::core::ObjectMeta { name: Some("s".into()), ..Default::default() },
        string_data: Some([("token".to_owned(), "t".to_owned())].into()),
        ..Secret::default()
    };
    let created = secrets.create(&PostParams::default(), &secret).await.unwrap();
    assert_eq!((created.string_data, created.type_.as_deref()), (None, Some("Opaque")));
    assert_eq!(created.data.unwrap()["token"].0, b"t");
    let patch = Patch::Strategic(json!({"data": {"token": null, "other": "eA=="}}));
    let patched = secrets.patch("s", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.data.unwrap().into_keys().collect::<Vec<_>>(), ["other"]);
}

#[tokio::test]
async fn a_lease_is_taken_over_once() {
    let (_server, client) = server().await;
    let leases: Api<Lease> = Api::default_namespaced(client);
    let lease: Lease = serde_json::from_value(json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "leader"},
        "spec": {"holderIdentity": "one", "leaseDurationSeconds": 10, "renewTime": "2026-01-01T00:00:00.000001Z"},
    }))
    .unwrap();
    let held = leases.create(&PostParams::default(), &lease).await.unwrap();
    let claim = |name: &str| {
        let mut claim = held.clone();
        claim.spec.as_mut().unwrap().holder_identity = Some(name.to_owned());
        claim
    };
    leases.replace("leader", &PostParams::default(), &claim("two")).await.unwrap();
    let late = leases.replace("leader", &PostParams::default(), &claim("three")).await.unwrap_err();
    assert_eq!(status(late).code, 409);
}

#[tokio::test]
async fn events_show_in_both_versions() {
    let (_server, client) = server().await;
    let reporter = Reporter { controller: "fixture.dev/test".into(), instance: Some("i".into()) };
    let about = ObjectReference {
        api_version: Some("fixture.dev/v1".into()),
        kind: Some("Widget".into()),
        name: Some("a".into()),
        namespace: Some("default".into()),
        ..ObjectReference::default()
    };
    let event = Event {
        type_: EventType::Normal,
        reason: "Tested".into(),
        note: Some("all is well".into()),
        action: "Test".into(),
        secondary: None,
    };
    let recorder = Recorder::new(client.clone(), reporter);
    recorder.publish(&event, &about).await.unwrap();
    recorder.publish(&event, &about).await.unwrap();
    let events: Api<CoreEvent> = Api::default_namespaced(client);
    let mine = ListParams::default().fields("involvedObject.name=a,involvedObject.kind=Widget");
    let found = events.list(&mine).await.unwrap();
    assert_eq!(found.items.len(), 1, "the second one is counted in the first");
    assert_eq!(found.items[0].message.as_deref(), Some("all is well"));
    assert_eq!(found.items[0].series.as_ref().unwrap().count, Some(2));
    let others = ListParams::default().fields("involvedObject.name=b");
    assert!(events.list(&others).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn discovery_in_one_and_in_many_requests() {
    let (_server, client) = server().await;
    for discovery in [
        Discovery::new(client.clone()).run().await.unwrap(),
        Discovery::new(client.clone()).run_aggregated().await.unwrap(),
    ] {
        let found = discovery.resolve_gvk(&kube::core::GroupVersionKind::gvk("fixture.dev", "v1", "Widget"));
        let (resource, capabilities) = found.expect("the widget is discovered");
        assert_eq!((resource.plural.as_str(), capabilities.scope), ("widgets", Scope::Namespaced));
        assert!(capabilities.subresources.iter().any(|(one, _)| one.plural.ends_with("status")));
        assert!(discovery.has_group(""), "the core group is there");
    }
}

#[tokio::test]
async fn a_namespace_takes_its_objects_with_it() {
    let (_server, client) = server().await;
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": "n"}})).unwrap();
    let created = namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let widgets: Api<Widget> = Api::namespaced(client.clone(), "n");
    widgets.create(&PostParams::default(), &widget("free", 1)).await.unwrap();
    let mut held = widget("held", 1);
    held.metadata.finalizers = Some(vec!["fixture.dev/hold".into()]);
    widgets.create(&PostParams::default(), &held).await.unwrap();
    let nowhere: Api<Widget> = Api::namespaced(client, "nowhere");
    let missing = status(nowhere.create(&PostParams::default(), &widget("a", 1)).await.unwrap_err());
    assert_eq!((missing.code, missing.message.as_str()), (404, "namespaces \"nowhere\" not found"));

    namespaces.delete("n", &DeleteParams::default()).await.unwrap();
    let left = widgets.list(&ListParams::default()).await.unwrap();
    assert_eq!(left.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["held"]);
    let terminating = namespaces.get("n").await.unwrap();
    assert_eq!(terminating.status.unwrap().phase.as_deref(), Some("Terminating"));
    let refused = status(widgets.create(&PostParams::default(), &widget("late", 1)).await.unwrap_err());
    assert_eq!((refused.code, refused.reason.as_str()), (403, "Forbidden"));

    let uid = created.uid().unwrap();
    let params = PatchParams::default();
    let gone = await_condition(namespaces, "n", conditions::is_deleted(&uid));
    let release = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    let (gone, released) = tokio::join!(within(gone), widgets.patch("held", &params, &release));
    gone.unwrap();
    released.unwrap();
}

#[tokio::test]
async fn a_definition_takes_its_objects_with_it() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client.clone());
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions.delete(Widget::crd_name(), &DeleteParams::default()).await.unwrap();
    let not_served = status(widgets.list(&ListParams::default()).await.unwrap_err());
    assert_eq!(not_served.code, 404);
    assert!(definitions.get_opt(Widget::crd_name()).await.unwrap().is_none());
    fixture::install(&client).await;
    assert!(widgets.list(&ListParams::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn pages_show_one_revision() {
    let (server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    for index in 0..7 {
        widgets.create(&PostParams::default(), &widget(&format!("w{index}"), index)).await.unwrap();
    }
    let first = widgets.list(&ListParams::default().limit(3)).await.unwrap();
    assert_eq!((first.items.len(), first.metadata.remaining_item_count), (3, Some(4)));
    widgets.delete("w4", &DeleteParams::default()).await.unwrap();
    widgets.create(&PostParams::default(), &widget("w45", 1)).await.unwrap();
    let token = first.metadata.continue_.clone().unwrap();
    let next = ListParams::default().limit(10).continue_token(&token);
    let rest = widgets.list(&next).await.unwrap();
    assert_eq!(rest.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["w3", "w4", "w5", "w6"]);
    assert_eq!(rest.metadata.resource_version, first.metadata.resource_version);
    server.compact();
    let expired = status(widgets.list(&next).await.unwrap_err());
    assert_eq!((expired.code, expired.reason.as_str()), (410, "Expired"));
}

#[tokio::test]
async fn labels_select_and_collections_are_deleted() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    for (name, colour) in [("a", "red"), ("b", "blue"), ("c", "red")] {
        let mut widget = widget(name, 1);
        widget.labels_mut().insert("colour".into(), colour.into());
        widgets.create(&PostParams::default(), &widget).await.unwrap();
    }
    let red = ListParams::default().labels("colour in (red)");
    assert_eq!(widgets.list(&red).await.unwrap().items.len(), 2);
    widgets.delete_collection(&DeleteParams::default(), &red).await.unwrap();
    let left = widgets.list(&ListParams::default()).await.unwrap();
    assert_eq!(left.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn json_patches_are_all_or_nothing() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client);
    widgets.create(&PostParams::default(), &widget("a", 1)).await.unwrap();
    let operations = |from: u32| {
        let list = json!([
            {"op": "test", "path": "/spec/size", "value": from},
            {"op": "replace", "path": "/spec/size", "value": from + 1},
        ]);
        Patch::Json::<()>(serde_json::from_value(list).unwrap())
    };
    let patched = widgets.patch("a", &PatchParams::default(), &operations(1)).await.unwrap();
    assert_eq!(patched.spec.size, 2);
    let refused = widgets.patch("a", &PatchParams::default(), &operations(1)).await.unwrap_err();
    assert_eq!(status(refused).code, 422);
}

/// A thousand objects, made at once, come in one list and in order.
#[tokio::test]
async fn many_objects_are_listed_in_one_answer() {
    let (_server, client) = server().await;
    let widgets: Api<Widget> = Api::default_namespaced(client.clone());
    let params = PostParams::default();
    let makes = (0..1_000).map(|index| {
        let (widgets, params) = (widgets.clone(), params.clone());
        async move { widgets.create(&params, &widget(&format!("w{index:04}"), index)).await }
    });
    for made in futures::future::join_all(makes).await {
        made.unwrap();
    }
    let all = all_names(&client).await;
    assert_eq!(all.len(), 1_000);
    assert!(all.is_sorted());
}

async fn all_names(client: &Client) -> Vec<String> {
    let resource = ApiResource::erase::<Widget>(&());
    let widgets: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let list = within(widgets.list_metadata(&ListParams::default())).await.unwrap();
    list.items.iter().map(ResourceExt::name_any).collect()
}
