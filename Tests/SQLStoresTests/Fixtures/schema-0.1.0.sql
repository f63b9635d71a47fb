CREATE TABLE alert_cursor (only INTEGER PRIMARY KEY CHECK (only = 1), cursor INTEGER NOT NULL) STRICT;
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    level TEXT NOT NULL,
    event TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    fired_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    acknowledged_by TEXT,
    payload TEXT NOT NULL
) STRICT;
CREATE TABLE artifacts (
    path TEXT PRIMARY KEY,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE dataset_validations (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    dataset TEXT NOT NULL,
    digest TEXT NOT NULL,
    is_version INTEGER NOT NULL,
    success INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    expectations TEXT NOT NULL,
    checked_at INTEGER NOT NULL
) STRICT;
CREATE TABLE dataset_versions (
    sequence INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    digest TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    format TEXT NOT NULL,
    profile TEXT NOT NULL,
    source TEXT NOT NULL,
    parents TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    UNIQUE (dataset, digest)
) STRICT;
CREATE TABLE datasets (
    number INTEGER PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment, name, digest)
) STRICT;
CREATE TABLE deliveries (
    alert TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (alert, channel)
) STRICT, WITHOUT ROWID;
CREATE TABLE endpoint_plans (
    endpoint TEXT NOT NULL REFERENCES endpoints (name) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    plan TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (endpoint, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE endpoints (
    name TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    plan TEXT NOT NULL,
    batching TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    payload TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TABLE experiment_tags (
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    artifact_location TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE gate_reports (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    version INTEGER NOT NULL,
    time INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE logged_model_metrics (
    model TEXT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    run TEXT NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (model, key, dataset_name, dataset_digest, run)
) STRICT, WITHOUT ROWID;
CREATE TABLE logged_model_params (
    model TEXT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE logged_model_tags (
    model TEXT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE logged_models (
    id TEXT PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    artifact_uri TEXT NOT NULL,
    status TEXT NOT NULL,
    model_type TEXT NOT NULL,
    source_run TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE metric_points (
    series INTEGER NOT NULL REFERENCES metric_series (series),
    timestamp INTEGER NOT NULL,
    step INTEGER NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    PRIMARY KEY (series, timestamp, step, value, is_nan)
) STRICT, WITHOUT ROWID;
CREATE TABLE metric_series (
    series INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (number),
    key TEXT NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    step INTEGER NOT NULL,
    UNIQUE (run, key)
) STRICT;
CREATE TABLE migrations (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT;
CREATE TABLE model_aliases (
    model INTEGER NOT NULL REFERENCES registered_models (number),
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model, alias)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_version_tags (
    version INTEGER NOT NULL REFERENCES model_versions (number),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (version, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE model_versions (
    number INTEGER PRIMARY KEY,
    model INTEGER NOT NULL REFERENCES registered_models (number),
    version INTEGER NOT NULL,
    description TEXT NOT NULL,
    stage TEXT NOT NULL,
    status TEXT NOT NULL,
    status_message TEXT NOT NULL,
    source TEXT NOT NULL,
    storage_location TEXT NOT NULL,
    run TEXT NOT NULL,
    run_link TEXT NOT NULL,
    logged_model TEXT NOT NULL,
    user_id TEXT NOT NULL,
    verification TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    UNIQUE (model, version)
) STRICT;
CREATE TABLE monitors (endpoint TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE params (
    run INTEGER NOT NULL REFERENCES runs (number),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE pipeline_runs (
    id TEXT PRIMARY KEY,
    request TEXT UNIQUE,
    created_at INTEGER NOT NULL,
    final INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE registered_model_tags (
    model INTEGER NOT NULL REFERENCES registered_models (number),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE registered_models (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE rollouts (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    final INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE run_dataset_tags (
    input INTEGER NOT NULL REFERENCES run_datasets (number),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (input, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE run_datasets (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (number),
    dataset INTEGER NOT NULL REFERENCES datasets (number),
    UNIQUE (run, dataset)
) STRICT;
CREATE TABLE run_models (
    run INTEGER NOT NULL REFERENCES runs (number),
    is_output INTEGER NOT NULL,
    model TEXT NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (run, is_output, model)
) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    start_time INTEGER NOT NULL,
    end_time INTEGER,
    artifact_uri TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE TABLE step_cache (key TEXT PRIMARY KEY, run TEXT NOT NULL) STRICT;
CREATE TABLE tags (
    run INTEGER NOT NULL REFERENCES runs (number),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE training_loops (endpoint TEXT PRIMARY KEY, revision INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
CREATE TABLE window_reports (
    endpoint TEXT NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (endpoint, number)
) STRICT, WITHOUT ROWID;
INSERT INTO "alert_cursor" VALUES(1,2);
INSERT INTO "events" VALUES(1,1795777286831144,'experiment.created','experiment','0','system','','{"name":"Default"}','0000000000000000000000000000000000000000000000000000000000000000','a679cd10d30c80aecb3522e14e4a5bf9677a503fd0ba5c81fbf714665a9996db');
INSERT INTO "events" VALUES(2,1795777286834497,'server.started','server','/srv/line/.jidoka','system','version 0.1.0','{"line":null}','a679cd10d30c80aecb3522e14e4a5bf9677a503fd0ba5c81fbf714665a9996db','b5e674a78548e5d8e68b3094af5c2e39d37ae1d281d6d76150bd97ba8ab980fa');
INSERT INTO "events" VALUES(3,1795777286859440,'experiment.created','experiment','1','user:anonymous','','{"name":"census"}','b5e674a78548e5d8e68b3094af5c2e39d37ae1d281d6d76150bd97ba8ab980fa','9db10d42ec9f4110d65c3f1e54600d2086156458ba97aaf220f8eb88de9d0373');
INSERT INTO "events" VALUES(4,1795777286863393,'run.created','run','01a21caad2cf446ad07746697091d6bb','user:anonymous','','{"experiment_id":"1","name":"run-0"}','9db10d42ec9f4110d65c3f1e54600d2086156458ba97aaf220f8eb88de9d0373','5cee075d9adaa31a5052f37985161646a45dfa5a1e52165f89c2451e25473188');
INSERT INTO "events" VALUES(5,1795777286870654,'run.finished','run','01a21caad2cf446ad07746697091d6bb','user:anonymous','','{"status":"FINISHED"}','5cee075d9adaa31a5052f37985161646a45dfa5a1e52165f89c2451e25473188','a5ad223a5f04b3b804c9c17bfe06827e592dfd78dfddd23f526aa9a59a64bdec');
INSERT INTO "events" VALUES(6,1795777286871855,'run.created','run','01a21caad2d78c78e8061b170b52e3d7','user:anonymous','','{"experiment_id":"1","name":"run-1"}','a5ad223a5f04b3b804c9c17bfe06827e592dfd78dfddd23f526aa9a59a64bdec','9245e5731ed09a43ef31490b290da05de9272192bb54f8b321fe6cb5c77d7434');
INSERT INTO "events" VALUES(7,1795777286876089,'run.finished','run','01a21caad2d78c78e8061b170b52e3d7','user:anonymous','','{"status":"FINISHED"}','9245e5731ed09a43ef31490b290da05de9272192bb54f8b321fe6cb5c77d7434','96b1fdf29bc965625f1199e3ba08158145613424c4d4146dc57d7ba93da26006');
INSERT INTO "events" VALUES(8,1795777286878541,'run.created','run','01a21caad2decc25450e95ef3a7867f9','user:anonymous','','{"experiment_id":"1","name":"run-2"}','96b1fdf29bc965625f1199e3ba08158145613424c4d4146dc57d7ba93da26006','a611bfcb891e5ff29e239b75f49d0e1fcebe10d570b76663903fad7fa386d017');
INSERT INTO "events" VALUES(9,1795777286887095,'run.finished','run','01a21caad2decc25450e95ef3a7867f9','user:anonymous','','{"status":"FINISHED"}','a611bfcb891e5ff29e239b75f49d0e1fcebe10d570b76663903fad7fa386d017','64770d9dc35e199a8a1479c82faa478816c1dda695ce56be747f27997ae6b002');
INSERT INTO "events" VALUES(10,1795777286889720,'registered_model.created','registered_model','employment','user:anonymous','','{}','64770d9dc35e199a8a1479c82faa478816c1dda695ce56be747f27997ae6b002','d04fbef1c26c49517e20ec6384fba0de4af5a4474c780b53798b9ac75edb41a4');
INSERT INTO "events" VALUES(11,1795777286894701,'model_version.registered','model_version','employment/1','user:anonymous','','{"source":"mlflow-artifacts:/1/01a21caad2decc25450e95ef3a7867f9/artifacts/model","run_id":"01a21caad2decc25450e95ef3a7867f9"}','d04fbef1c26c49517e20ec6384fba0de4af5a4474c780b53798b9ac75edb41a4','a42b94d333382e06d4d2f2b94c9e052ef93c2ba481d97a5ced8c9a809fefeecb');
INSERT INTO "events" VALUES(12,1795777286896570,'model_version.rejected','model_version','employment/1','user:anonymous','no files were logged','{"report":{"files":0,"bytes":0,"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","flavors":[],"loads":null,"predicts":null,"detail":"","problem":"no files were logged"}}','a42b94d333382e06d4d2f2b94c9e052ef93c2ba481d97a5ced8c9a809fefeecb','30d661a2fe531f62204b8bc341adbd085d48136aa13a3a999f5c9e082b7edf0f');
INSERT INTO "events" VALUES(13,1795777286899340,'model_version.alias_set','model_version','employment/1','user:anonymous','','{"alias":"champion","version":1,"before":null}','30d661a2fe531f62204b8bc341adbd085d48136aa13a3a999f5c9e082b7edf0f','7ea338314894fb6f0ba6f3e0be58ce496ec05835e95cbc0276527a11f2ecdc14');
INSERT INTO "events" VALUES(14,1795777286907359,'server.stopped','server','/srv/line/.jidoka','system','asked to stop','{}','7ea338314894fb6f0ba6f3e0be58ce496ec05835e95cbc0276527a11f2ecdc14','136b1fcde9b1c5c78ff058693a23e6ad6bc3e2a0ba1a27ed653892ee7e8a11a1');
INSERT INTO "experiment_tags" VALUES(1,'team','a');
INSERT INTO "experiments" VALUES(0,'Default','mlflow-artifacts:/0','active',1795777286830924,1795777286830924);
INSERT INTO "experiments" VALUES(1,'census','mlflow-artifacts:/1','active',1795777286859212,1795777286859212);
INSERT INTO "metric_points" VALUES(1,1700000000000,0,1.0,0);
INSERT INTO "metric_points" VALUES(1,1700000000001,1,0.5,0);
INSERT INTO "metric_points" VALUES(1,1700000000002,2,3.33333333333333314829e-01,0);
INSERT INTO "metric_points" VALUES(1,1700000000003,3,0.25,0);
INSERT INTO "metric_points" VALUES(1,1700000000004,4,0.2,0);
INSERT INTO "metric_points" VALUES(2,1,0,0.0,1);
INSERT INTO "metric_points" VALUES(3,1700000000000,0,1.0,0);
INSERT INTO "metric_points" VALUES(3,1700000000001,1,0.5,0);
INSERT INTO "metric_points" VALUES(3,1700000000002,2,3.33333333333333314829e-01,0);
INSERT INTO "metric_points" VALUES(3,1700000000003,3,0.25,0);
INSERT INTO "metric_points" VALUES(3,1700000000004,4,0.2,0);
INSERT INTO "metric_points" VALUES(4,1,0,0.0,1);
INSERT INTO "metric_points" VALUES(5,1700000000000,0,1.0,0);
INSERT INTO "metric_points" VALUES(5,1700000000001,1,0.5,0);
INSERT INTO "metric_points" VALUES(5,1700000000002,2,3.33333333333333314829e-01,0);
INSERT INTO "metric_points" VALUES(5,1700000000003,3,0.25,0);
INSERT INTO "metric_points" VALUES(5,1700000000004,4,0.2,0);
INSERT INTO "metric_points" VALUES(6,1,0,0.0,1);
INSERT INTO "metric_series" VALUES(1,1,'loss',0.2,0,1700000000004,4);
INSERT INTO "metric_series" VALUES(2,1,'bad',0.0,1,1,0);
INSERT INTO "metric_series" VALUES(3,2,'loss',0.2,0,1700000000004,4);
INSERT INTO "metric_series" VALUES(4,2,'bad',0.0,1,1,0);
INSERT INTO "metric_series" VALUES(5,3,'loss',0.2,0,1700000000004,4);
INSERT INTO "metric_series" VALUES(6,3,'bad',0.0,1,1,0);
INSERT INTO "migrations" VALUES('events-0001-events',0);
INSERT INTO "migrations" VALUES('tracking-0001-experiments',1);
INSERT INTO "migrations" VALUES('tracking-0002-runs',2);
INSERT INTO "migrations" VALUES('tracking-0003-logged-models',3);
INSERT INTO "migrations" VALUES('tracking-0004-artifacts',4);
INSERT INTO "migrations" VALUES('registry-0001-models',5);
INSERT INTO "migrations" VALUES('registry-0002-gates',6);
INSERT INTO "migrations" VALUES('datasets-0001-versions',7);
INSERT INTO "migrations" VALUES('datasets-0002-validations',8);
INSERT INTO "migrations" VALUES('pipelines-0001-runs',9);
INSERT INTO "migrations" VALUES('serving-0001-endpoints',10);
INSERT INTO "migrations" VALUES('rollouts-0001-rollouts',11);
INSERT INTO "migrations" VALUES('monitoring-0001-monitors',12);
INSERT INTO "migrations" VALUES('monitoring-0002-alerts',13);
INSERT INTO "migrations" VALUES('training-0001-loops',14);
INSERT INTO "model_aliases" VALUES(1,'champion',1);
INSERT INTO "model_versions" VALUES(1,1,1,'','None','FAILED_REGISTRATION','no files were logged','mlflow-artifacts:/1/01a21caad2decc25450e95ef3a7867f9/artifacts/model','mlflow-artifacts:/1/01a21caad2decc25450e95ef3a7867f9/artifacts/model','01a21caad2decc25450e95ef3a7867f9','','','user:anonymous','{"files":0,"bytes":0,"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","flavors":[],"loads":null,"predicts":null,"detail":"","problem":"no files were logged"}',1795777286894489,1795777286896562,NULL);
INSERT INTO "params" VALUES(1,'depth','3');
INSERT INTO "params" VALUES(2,'depth','4');
INSERT INTO "params" VALUES(3,'depth','5');
INSERT INTO "params" VALUES(1,'kind','tree');
INSERT INTO "params" VALUES(2,'kind','tree');
INSERT INTO "params" VALUES(3,'kind','tree');
INSERT INTO "registered_models" VALUES(1,'employment','',1795777286889714,1795777286899339);
INSERT INTO "runs" VALUES(1,'01a21caad2cf446ad07746697091d6bb',1,'run-0','','FINISHED',1700000000000,1700000001000,'mlflow-artifacts:/1/01a21caad2cf446ad07746697091d6bb/artifacts','active',NULL);
INSERT INTO "runs" VALUES(2,'01a21caad2d78c78e8061b170b52e3d7',1,'run-1','','FINISHED',1700000000001,1700000001000,'mlflow-artifacts:/1/01a21caad2d78c78e8061b170b52e3d7/artifacts','active',NULL);
INSERT INTO "runs" VALUES(3,'01a21caad2decc25450e95ef3a7867f9',1,'run-2','','FINISHED',1700000000002,1700000001000,'mlflow-artifacts:/1/01a21caad2decc25450e95ef3a7867f9/artifacts','active',NULL);
INSERT INTO "tags" VALUES(1,'mlflow.runName','run-0');
INSERT INTO "tags" VALUES(2,'mlflow.runName','run-1');
INSERT INTO "tags" VALUES(3,'mlflow.runName','run-2');
INSERT INTO "tags" VALUES(1,'t','ü');
INSERT INTO "tags" VALUES(2,'t','ü');
INSERT INTO "tags" VALUES(3,'t','ü');
CREATE INDEX events_kind ON events (kind, sequence);
CREATE INDEX events_subject ON events (subject_type, subject_id, sequence);
CREATE INDEX runs_by_start ON runs (experiment, lifecycle, start_time DESC, id);
CREATE INDEX params_by_value ON params (key, value, run);
CREATE INDEX tags_by_value ON tags (key, value, run);
CREATE INDEX metric_series_by_value ON metric_series (key, is_nan, value, run);
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset, run);
CREATE INDEX logged_models_by_time ON logged_models (experiment, lifecycle, created_at DESC, id);
CREATE INDEX logged_models_by_run ON logged_models (source_run);
CREATE INDEX logged_model_metrics_by_value ON logged_model_metrics (key, is_nan, value, model);
CREATE UNIQUE INDEX artifacts_by_folder ON artifacts (folder, name);
CREATE INDEX artifacts_by_digest ON artifacts (digest);
CREATE INDEX model_versions_by_run ON model_versions (run);
CREATE INDEX model_versions_by_time ON model_versions (updated_at DESC);
CREATE INDEX gate_reports_by_version ON gate_reports (model, version, number);
CREATE INDEX dataset_versions_newest ON dataset_versions (dataset, sequence);
CREATE INDEX dataset_versions_digest ON dataset_versions (digest);
CREATE INDEX dataset_validations_newest ON dataset_validations (dataset, sequence);
CREATE INDEX pipeline_runs_created ON pipeline_runs (created_at DESC);
CREATE INDEX pipeline_runs_unfinished ON pipeline_runs (created_at) WHERE final = 0;
CREATE UNIQUE INDEX rollouts_one_active ON rollouts (endpoint) WHERE final = 0;
CREATE INDEX rollouts_endpoint ON rollouts (endpoint, started_at DESC);
CREATE INDEX alerts_open ON alerts (event, subject_type, subject_id) WHERE state = 'firing';
CREATE INDEX alerts_fired ON alerts (fired_at DESC);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 'waiting';
